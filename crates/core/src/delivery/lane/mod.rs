//! Sends on their way into the store: group commit.
//!
//! A lane has one batch in flight; what arrives meanwhile is the next batch. So a chat's sends
//! stay in order (a chat always has the same lane), and a busy node pays one commit for many
//! messages; where commits are dear and messages many it waits a moment for more of them
//! ([`pace`]). A queue is bounded; when it is full the senders' sockets wait, which their peers
//! feel as TCP backpressure. An ambiguous commit is tried again with the same ids.
//!
//! While the store is away senders hear so soon: a batch is tried until its oldest message is a
//! second old, and what is older than that behind one that failed is not tried at all. With what
//! the store waits for a connection (two seconds) nobody waits for more than three.

mod aftermath;
mod pace;

use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;
use tokio_util::task::TaskTracker;
use tracing::Instrument;

use self::pace::Pace;
use super::cursor::Cursors;
use super::fanout::Fanout;
use super::notice::Notices;
use super::sequencer::Sequencer;
use crate::clock::Clock;
use crate::message::store::{Append, Appended, Batch};
use crate::meters::{Meters, Verb};
use crate::store::{Store, StoreError, StoreResult};

/// Most messages of one commit.
const BATCH: usize = 128;
/// Most messages waiting in a lane.
const QUEUE: usize = 4096;
/// How often a commit of unknown outcome is tried again.
const TRIES: u32 = 4;
/// How old a message may be to be tried again, or behind one that could not be stored.
const PATIENCE: Duration = Duration::from_secs(1);

struct Job {
    append: Append,
    since: Instant,
    reply: oneshot::Sender<StoreResult<Appended>>,
}

impl Job {
    fn refuse(self, why: &str) {
        let _ = self.reply.send(Err(StoreError::Unavailable(why.to_owned())));
    }
}

/// The lanes of a node.
pub struct Lanes(Mutex<Vec<mpsc::Sender<Job>>>);

impl Lanes {
    /// Starts `count` lanes.
    pub fn start(count: usize, tasks: &TaskTracker, lane: impl Fn() -> Lane) -> Self {
        let senders = (0..count.max(1)).map(|_| {
            let (sender, jobs) = mpsc::channel(QUEUE);
            tasks.spawn(lane().run(jobs));
            sender
        });
        Self(Mutex::new(senders.collect()))
    }

    /// Appends one message; answers after the commit, and after its delivery was queued.
    ///
    /// # Errors
    /// The store's; the message may or may not be stored, and the same id may be sent again.
    pub async fn append(&self, append: Append) -> StoreResult<Appended> {
        let gone = || StoreError::Unavailable("the node is shutting down".to_owned());
        let lane = {
            let lanes = self.0.lock();
            let hash = BuildHasherDefault::<DefaultHasher>::default().hash_one(append.chat);
            let index = usize::try_from(hash % (lanes.len().max(1) as u64)).unwrap_or(0);
            lanes.get(index).cloned().ok_or_else(gone)?
        };
        let (reply, answer) = oneshot::channel();
        lane.send(Job { append, since: Instant::now(), reply }).await.map_err(|_| gone())?;
        answer.await.map_err(|_| gone())?
    }

    /// How many messages wait.
    pub fn queued(&self) -> usize {
        self.0.lock().iter().map(|lane| lane.max_capacity() - lane.capacity()).sum()
    }

    /// Takes nothing more; what is queued is still committed.
    pub fn close(&self) {
        self.0.lock().clear();
    }
}

/// What one lane works with.
pub struct Lane {
    /// Where it appends.
    pub store: Arc<dyn Store>,
    /// The time it gives.
    pub clock: Arc<dyn Clock>,
    /// Who looks on.
    pub fanout: Arc<dyn Fanout>,
    /// Where its deliveries go.
    pub sequencer: Sequencer,
    /// Where late cursor moves go.
    pub cursors: Cursors,
    /// Who tells the senders.
    pub notices: Notices,
    /// Where it counts.
    pub meters: Arc<Meters>,
    /// Where notices run.
    pub tasks: TaskTracker,
    /// Least time between two commits where many messages come; zero: none.
    pub apart: Duration,
}

impl Lane {
    async fn run(self, mut jobs: mpsc::Receiver<Job>) {
        let mut batch = Vec::with_capacity(BATCH);
        let mut away: Option<String> = None;
        let mut pace = Pace::new(self.apart);
        while jobs.recv_many(&mut batch, BATCH).await > 0 {
            let come = batch.len();
            let more = || {
                while batch.len() < BATCH
                    && let Ok(job) = jobs.try_recv()
                {
                    batch.push(job);
                }
                batch.len()
            };
            pace.gather(come, more).await;
            if let Some(why) = &away {
                let late = batch.extract_if(.., |job: &mut Job| job.since.elapsed() > PATIENCE);
                late.for_each(|job| job.refuse(why));
            }
            if !batch.is_empty() {
                away = self.put(&mut batch).await.err();
            }
        }
    }

    /// Stores a batch and answers; if it could not be stored, why.
    async fn put(&self, batch: &mut Vec<Job>) -> Result<(), String> {
        let oldest = batch.first().map_or_else(Instant::now, |job| job.since);
        let (mut rows, replies): (Vec<Append>, Vec<_>) =
            batch.drain(..).map(|job| (job.append, job.reply)).unzip();
        let late = self.look_on(&mut rows);
        let span = tracing::info_span!(target: "zvon::trace", "commit", messages = rows.len());
        match self.commit(&rows, oldest).instrument(span).await {
            Ok(mut done) => {
                self.hand_over(&rows, &mut done);
                for (reply, verdict) in replies.into_iter().zip(done.verdicts.iter().cloned()) {
                    let _ = reply.send(Ok(verdict));
                }
                self.tell(&rows, done, late);
                Ok(())
            }
            Err(error) => {
                tracing::error!(%error, rows = rows.len(), "a batch could not be stored");
                let text = error.to_string();
                for reply in replies {
                    let _ = reply.send(Err(StoreError::Unavailable(text.clone())));
                }
                Err(text)
            }
        }
    }

    async fn commit(&self, rows: &[Append], oldest: Instant) -> StoreResult<Batch> {
        self.meters.commits(rows.len());
        let mut pause = Duration::from_millis(20);
        for _ in 1..TRIES {
            match self.append(rows).await {
                Err(StoreError::Unavailable(why)) if oldest.elapsed() < PATIENCE => {
                    tracing::warn!(why, "a batch is tried again");
                    tokio::time::sleep(pause).await;
                    pause *= 4;
                    self.meters.retries();
                }
                done => return done,
            }
        }
        self.append(rows).await
    }

    async fn append(&self, rows: &[Append]) -> StoreResult<Batch> {
        let appending = self.store.append(self.clock.now(), rows);
        self.meters.timed(Verb::Append, appending).await
    }
}
