//! Runs one job on its records until it is told to stop.
//!
//! A batch is done and then committed, or neither: told to stop, or losing its records to another
//! runner, it finishes the batch in a few seconds or drops it, and it comes again. What fails is
//! tried again, later and later. If something is away that goes on for as long as it takes; if a
//! batch can not be done, its records are tried one by one and those that fail are put away with the
//! reason. Each job has a runner and a task of its own, so none waits for another.

use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::FutureExt;
use futures_util::future::{Either, select};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;
use zvon_protocol::time::Timestamp;

use super::meters::Meters;
use super::store::{DeadLetter, JobState, JobStore};
use super::{Backoff, Job, JobError, Source};
use crate::clock::Clock;
use crate::event_log::{EventLogError, Record, Records};

/// Most records of a batch.
const BATCH: usize = 256;
/// How long a batch may take after the runner was told to stop.
const LAST: Duration = Duration::from_secs(5);
/// How often it is noted how the job stands.
const NOTE: Duration = Duration::from_secs(5);

/// How often and when what failed is tried again.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// Most tries of what fails, as a batch and then of each record.
    pub tries: u32,
    /// The waits between.
    pub backoff: Backoff,
}

impl Default for Patience {
    fn default() -> Self {
        let (first, longest) = (Duration::from_millis(200), Duration::from_secs(30));
        Self { tries: 5, backoff: Backoff { first, longest } }
    }
}

/// What jobs run on.
#[derive(Clone)]
pub struct Ground {
    /// Where records come from.
    pub source: Arc<dyn Source>,
    /// Where it is remembered what became of them.
    pub store: Arc<dyn JobStore>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// How often things are tried.
    pub patience: Patience,
    /// Told to stop.
    pub stop: CancellationToken,
}

/// One job, running.
pub struct Runner {
    job: Arc<dyn Job>,
    ground: Ground,
    meters: Meters,
    state: JobState,
    noted: Option<Instant>,
}

/// The runner was told to stop; what it was at is not done.
struct Stopped;

impl Runner {
    /// A runner of that job.
    #[must_use]
    pub fn new(job: Arc<dyn Job>, ground: Ground) -> Self {
        let (meters, state) = (Meters::of(job.name()), JobState::default());
        meters.running(false);
        Self { job, ground, meters, state, noted: None }
    }

    /// Runs until it is told to stop.
    pub async fn run(mut self) {
        let mut failures = 0;
        while !self.ground.stop.is_cancelled() {
            let followed = self.follow(&mut failures).await;
            self.meters.running(false);
            self.meters.behind(Duration::ZERO);
            let Err(error) = followed else { break };
            failures += 1;
            match &error {
                EventLogError::Fenced(why) => {
                    tracing::info!(job = self.job.name(), why, "another one reads the records");
                }
                EventLogError::Unavailable(_) => {
                    tracing::warn!(job = self.job.name(), %error, "a job gets no records");
                    self.trouble(Some(error.to_string())).await;
                }
            }
            if self.pause(failures).await.is_err() {
                break;
            }
        }
        self.note().await;
    }

    /// Does batch after batch; `Ok` when it is told to stop.
    async fn follow(&mut self, failures: &mut u32) -> Result<(), EventLogError> {
        let stop = self.ground.stop.clone();
        let opened = self.ground.source.open(&self.job);
        let Some(opened) = stop.run_until_cancelled(opened).await else { return Ok(()) };
        let mut records = opened?;
        self.meters.running(true);
        loop {
            let Some(batch) = self.next(&mut *records).await else { return Ok(()) };
            let batch = batch?;
            *failures = 0;
            if self.work(&batch).await.is_err() {
                return Ok(());
            }
            records.commit().await?;
            self.reached(&batch).await;
        }
    }

    /// The next batch; what was not noted yet is noted while it waits. `None`: told to stop.
    ///
    /// The reading goes on while something is noted: it may hold, or be next in line for, the very
    /// connection that the note waits for.
    async fn next(
        &mut self,
        records: &mut dyn Records,
    ) -> Option<Result<Vec<Record>, EventLogError>> {
        let stop = self.ground.stop.clone();
        let (mut next, mut waits) = (records.next(BATCH), false);
        loop {
            tokio::select! {
                () = stop.cancelled() => return None,
                batch = &mut next => return Some(batch),
                () = tokio::time::sleep(NOTE), if !waits || self.state.done > 0 => {}
            }
            waits = true;
            self.meters.behind(Duration::ZERO);
            if self.state.done == 0 {
                continue;
            }
            match select(pin!(self.note()), &mut next).await {
                Either::Left(_) => {}
                Either::Right((batch, note)) => {
                    note.await;
                    return Some(batch);
                }
            }
        }
    }

    /// Does a batch.
    async fn work(&mut self, batch: &[Record]) -> Result<(), Stopped> {
        if batch.is_empty() || self.attempt(batch).await?.is_ok() {
            return Ok(());
        }
        for record in batch {
            if let Err(reason) = self.attempt(std::slice::from_ref(record)).await? {
                self.bury(record, reason).await?;
            }
        }
        Ok(())
    }

    /// Tries until it is done, or has failed too often: why.
    async fn attempt(&mut self, records: &[Record]) -> Result<Result<(), String>, Stopped> {
        let (mut tries, mut fails) = (0, 0);
        loop {
            let begun = Instant::now();
            let error = match self.once(records).await? {
                Ok(()) => {
                    self.state.done += records.len() as u64;
                    self.meters.done(records.len(), begun.elapsed());
                    self.trouble(None).await;
                    return Ok(Ok(()));
                }
                Err(error) => error,
            };
            tries += 1;
            fails += u32::from(matches!(error, JobError::Failed(_)));
            self.meters.retries();
            if let Some(newest) = newest(records) {
                self.meters.behind(age(newest, self.ground.clock.now()));
            }
            let (job, records) = (self.job.name(), records.len());
            tracing::warn!(job, records, tries, %error, "a job could not do its records");
            if fails >= self.ground.patience.tries {
                return Ok(Err(error.to_string()));
            }
            self.trouble(Some(error.to_string())).await;
            self.pause(tries).await?;
        }
    }

    /// One try. One that panics has failed.
    async fn once(&self, records: &[Record]) -> Result<Result<(), JobError>, Stopped> {
        let late = async {
            self.ground.stop.cancelled().await;
            tokio::time::sleep(LAST).await;
        };
        let run = AssertUnwindSafe(self.job.run(records)).catch_unwind();
        tokio::select! {
            done = run => {
                let panicked = |_| Err(JobError::Failed("the job panicked".to_owned()));
                Ok(done.unwrap_or_else(panicked))
            }
            () = late => Err(Stopped),
        }
    }

    /// Puts a record away, for as long as that takes.
    async fn bury(&mut self, record: &Record, reason: String) -> Result<(), Stopped> {
        let (job, at) = (self.job.name().to_owned(), self.ground.clock.now());
        let letter = DeadLetter { job, record: record.clone(), reason, at };
        let mut failures = 0;
        while let Err(error) = self.ground.store.bury(&letter).await {
            failures += 1;
            tracing::warn!(job = letter.job, %error, "a dead letter could not be put away");
            self.pause(failures).await?;
        }
        self.meters.dead();
        let (job, event, reason) = (&letter.job, &record.envelope.event_id, &letter.reason);
        tracing::error!(job, event, reason, "a job gave a record up");
        Ok(())
    }

    async fn pause(&self, failures: u32) -> Result<(), Stopped> {
        // Of a random id all bits but a few are chance.
        let chance = Uuid::new_v4().as_u128() as u64;
        let wait = self.ground.patience.backoff.after(failures, chance);
        let slept = self.ground.stop.run_until_cancelled(tokio::time::sleep(wait)).await;
        slept.ok_or(Stopped)
    }

    /// A batch is committed.
    async fn reached(&mut self, batch: &[Record]) {
        if let Some(newest) = newest(batch) {
            self.state.reached = self.state.reached.max(newest);
            self.meters.behind(age(newest, self.ground.clock.now()));
        }
        if self.noted.is_none_or(|at| at.elapsed() >= NOTE) {
            self.note().await;
        }
    }

    /// Something keeps it from going on, or does not any more.
    async fn trouble(&mut self, trouble: Option<String>) {
        let is_news = self.state.trouble.is_some() != trouble.is_some();
        self.state.trouble = trouble;
        if is_news {
            self.note().await;
        }
    }

    async fn note(&mut self) {
        self.noted = Some(Instant::now());
        self.state.job = self.job.name().to_owned();
        self.state.at = self.ground.clock.now();
        match self.ground.store.note_job(&self.state).await {
            Ok(()) => self.state.done = 0,
            Err(error) => tracing::debug!(job = self.state.job, %error, "a note was not taken"),
        }
    }
}

/// When the newest of them happened.
fn newest(records: &[Record]) -> Option<Timestamp> {
    records.iter().map(|record| Timestamp(record.envelope.timestamp)).max()
}

fn age(at: Timestamp, now: Timestamp) -> Duration {
    Duration::from_millis(now.0.saturating_sub(at.0).max(0) as u64)
}
