//! The relay: brings everything that stands in the outbox to the event log.
//!
//! One node's at a time, by a lease; fenced in the store by its position, in the event log by
//! [`EventLog::begin`]. At least once, in the order of each key; what comes again has the same
//! `eventId`. Nobody who sends or reads waits for it: while the event log is away rows wait in the
//! outbox, and the relay gives up its lease, so that a node that reaches the log may have it. What
//! the log will never take is buried with the reason, and goes on nobody's account.

mod meters;
pub mod standing;

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;
use uuid::Uuid;
use zvon_protocol::time::Timestamp;

use self::meters::Meters;
use self::standing::Standing;
use super::pages::{BrokenRow, Slice, records_of};
use super::reader::{Ground, Reader};
use super::store::Backlog;
use crate::event_log::{DeadLetter, EventLog, EventLogError, Record};
use crate::job::Backoff;
use crate::store::Store;

/// The name of its position.
pub const RELAY: &str = "relay";
/// Most records of one append.
const BATCH: usize = 2000;
/// How often it is looked how much waits.
const LOOK: Duration = Duration::from_secs(5);
/// Rows that are read for a replay at a time.
const PAGE: u32 = 500;
/// How long to wait when the log is away, and when another one has taken over.
const BACKOFF: Backoff =
    Backoff { first: Duration::from_millis(250), longest: Duration::from_secs(5) };

/// The relay of one node.
pub struct Relay {
    ground: Ground,
    log: Arc<dyn EventLog>,
    reader: Reader,
    meters: Meters,
    standing: Standing,
    looked: Option<Instant>,
}

impl Relay {
    /// A relay that does nothing yet.
    #[must_use]
    pub fn new(ground: Ground, log: Arc<dyn EventLog>) -> Self {
        let reader = Reader::new(ground.clone(), RELAY);
        let (meters, standing) = (Meters::default(), Standing::default());
        Self { ground, log, reader, meters, standing, looked: None }
    }

    /// How it stands, from now on.
    #[must_use]
    pub fn standing(&self) -> Standing {
        self.standing.clone()
    }

    /// Goes on until it is told to stop.
    pub async fn run(mut self, stop: CancellationToken) {
        let mut failures = 0;
        loop {
            let Some(Err(error)) = stop.run_until_cancelled(self.follow(&mut failures)).await
            else {
                return;
            };
            self.reader.let_go();
            self.meters.failed(&error);
            self.standing.stopped(match &error {
                EventLogError::Unavailable(why) => Some(why.clone()),
                EventLogError::Fenced(_) => None,
            });
            failures += 1;
            match &error {
                EventLogError::Fenced(why) => tracing::info!(why, "this node's relay steps back"),
                EventLogError::Unavailable(why) if failures == 1 => {
                    tracing::warn!(why, "events wait in the outbox");
                }
                EventLogError::Unavailable(why) => tracing::debug!(why, "events still wait"),
            }
            self.look().await;
            let wait = BACKOFF.after(failures, u64::from(Uuid::new_v4().as_fields().0));
            if stop.run_until_cancelled(tokio::time::sleep(wait)).await.is_none() {
                return;
            }
        }
    }

    /// Takes its place and brings slice after slice.
    async fn follow(&mut self, failures: &mut u32) -> Result<(), EventLogError> {
        tokio::select! {
            () = self.reader.wait() => {}
            () = tokio::time::sleep(LOOK) => {
                // Another node's does it, and tells what waits.
                self.standing.stopped(None);
                self.meters.backlog(Backlog::default(), self.ground.clock.now());
                self.reader.wait().await;
            }
        }
        // Before the position is read: whoever had this place appends no more from now on.
        self.log.begin().await?;
        self.reader.take().await?;
        self.standing.works();
        loop {
            let slice = tokio::select! {
                slice = self.reader.next() => slice?,
                () = tokio::time::sleep(LOOK) => {
                    self.look().await;
                    continue;
                }
            };
            append(&*self.log, slice, self.ground.clock.now(), &self.meters).await?;
            self.reader.done().await?;
            if *failures > 0 {
                tracing::info!("events reach the event log again");
                *failures = 0;
            }
            if self.looked.is_none_or(|looked| looked.elapsed() >= LOOK) {
                self.look().await;
            }
        }
    }

    /// How much waits. Told by the node that has the relay, and while the log is away by all.
    async fn look(&mut self) {
        self.looked = Some(Instant::now());
        let place = match self.reader.position() {
            Some(position) => position.place.clone(),
            None => match self.ground.store.positions().await {
                Ok(all) => all
                    .into_iter()
                    .find(|position| position.reader == RELAY)
                    .map(|position| position.place)
                    .unwrap_or_default(),
                Err(_) => return,
            },
        };
        if let Ok(backlog) = self.ground.store.backlog(&place).await {
            self.meters.backlog(backlog, self.ground.clock.now());
            self.standing.waits(backlog);
        }
    }
}

/// Tells again what was committed then (`from <= at < to`), as far as the outbox still has it;
/// how many records. Beside a relay that runs: order is that of the outbox within the replay.
///
/// # Errors
/// [`EventLogError`].
pub async fn replay(
    store: &dyn Store,
    log: &dyn EventLog,
    (from, to): (Timestamp, Timestamp),
) -> Result<u64, EventLogError> {
    let away = |error: crate::store::StoreError| EventLogError::Unavailable(error.to_string());
    let (meters, mut after, mut count) = (Meters::default(), 0, 0);
    loop {
        let rows = store.outbox_of((from, to), after, PAGE).await.map_err(away)?;
        let Some(last) = rows.last() else { return Ok(count) };
        after = last.id;
        let slice = records_of(store, rows).await.map_err(away)?;
        count += slice.records.len() as u64;
        append(log, slice, to, &meters).await?;
    }
}

/// Brings a slice to the log; buries what it does not take.
async fn append(
    log: &dyn EventLog,
    slice: Slice,
    now: Timestamp,
    meters: &Meters,
) -> Result<(), EventLogError> {
    for row in slice.broken {
        tracing::error!(row = row.id, reason = row.reason, "a row of the outbox makes no records");
        log.bury(&letter_of_row(row)).await?;
        meters.dead();
    }
    for records in slice.records.chunks(BATCH) {
        let begun = Instant::now();
        let poison = log.append(records).await?;
        let oldest = records.first().map_or(now.0, |record| record.envelope.timestamp);
        meters.appended(records.len() - poison.len(), begun.elapsed(), Timestamp(oldest), now);
        for poison in poison {
            let Some(record) = records.get(poison.index) else { continue };
            let event = &record.envelope.event_id;
            tracing::error!(event, reason = poison.reason, "the event log refuses a record");
            log.bury(&letter(record, poison.reason)).await?;
            meters.dead();
        }
    }
    Ok(())
}

fn letter(record: &Record, reason: String) -> DeadLetter {
    let topic = record.envelope.payload.topic().to_owned();
    let payload = serde_json::to_string(&record.envelope).unwrap_or_default();
    DeadLetter { topic, key: record.key, reason, payload }
}

fn letter_of_row(row: BrokenRow) -> DeadLetter {
    let BrokenRow { text, reason, .. } = row;
    DeadLetter { topic: "outbox".to_owned(), key: Uuid::nil(), reason, payload: text }
}
