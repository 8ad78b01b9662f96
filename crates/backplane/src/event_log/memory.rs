//! An event log in memory: what the relay and jobs do can be tried without Kafka.
//!
//! One list is the log. A group of readers has one position and one holder at a time: a second
//! reader of the same group waits until the first is dropped, as one without a partition would.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use parking_lot::Mutex;
use tokio::sync::{Notify, OwnedMutexGuard};
use zvon_core::event_log::{DeadLetter, EventLog, EventLogError, Poison, Record, Records};

/// Most bytes of a text that it takes.
const TEXT_MAX: usize = 1_000_000;

#[derive(Default)]
struct State {
    begun: AtomicU64,
    log: Mutex<Vec<Record>>,
    dead: Mutex<Vec<DeadLetter>>,
    groups: Mutex<HashMap<String, Arc<tokio::sync::Mutex<usize>>>>,
    news: Notify,
}

/// One appender's view of the log. A clone is another appender's.
#[derive(Default)]
pub struct MemoryLog {
    state: Arc<State>,
    /// How many had begun when it did; 0: it never did.
    begun: AtomicU64,
}

impl Clone for MemoryLog {
    fn clone(&self) -> Self {
        Self { state: Arc::clone(&self.state), begun: AtomicU64::new(0) }
    }
}

impl MemoryLog {
    /// All that was appended.
    #[must_use]
    pub fn told(&self) -> Vec<Record> {
        self.state.log.lock().clone()
    }

    /// All that was buried.
    #[must_use]
    pub fn dead(&self) -> Vec<DeadLetter> {
        self.state.dead.lock().clone()
    }

    /// A reader of that group.
    #[must_use]
    pub fn reader(&self, group: &str, topics: &'static [&'static str]) -> MemoryRecords {
        let position = Arc::clone(self.state.groups.lock().entry(group.to_owned()).or_default());
        MemoryRecords { state: Arc::clone(&self.state), topics, position, held: None, given: 0 }
    }

    fn check(&self) -> Result<(), EventLogError> {
        let (own, newest) = (&self.begun, &self.state.begun);
        match (own.load(Ordering::Acquire), newest.load(Ordering::Acquire)) {
            (0, _) => Err(EventLogError::Fenced("it did not begin".to_owned())),
            (own, newest) if own == newest => Ok(()),
            _ => Err(EventLogError::Fenced("another one began".to_owned())),
        }
    }
}

#[async_trait]
impl EventLog for MemoryLog {
    async fn begin(&self) -> Result<(), EventLogError> {
        let turn = self.state.begun.fetch_add(1, Ordering::AcqRel) + 1;
        self.begun.store(turn, Ordering::Release);
        Ok(())
    }

    async fn append(&self, records: &[Record]) -> Result<Vec<Poison>, EventLogError> {
        let mut log = self.state.log.lock();
        self.check()?;
        let mut poison = Vec::new();
        for (index, record) in records.iter().enumerate() {
            let size = serde_json::to_vec(&record.envelope).map_or(usize::MAX, |text| text.len());
            if size > TEXT_MAX {
                poison.push(Poison { index, reason: "it is too large".to_owned() });
            } else {
                log.push(record.clone());
            }
        }
        self.state.news.notify_waiters();
        Ok(poison)
    }

    async fn bury(&self, dead: &DeadLetter) -> Result<(), EventLogError> {
        self.check()?;
        self.state.dead.lock().push(dead.clone());
        Ok(())
    }
}

/// A reader of the log.
pub struct MemoryRecords {
    state: Arc<State>,
    topics: &'static [&'static str],
    position: Arc<tokio::sync::Mutex<usize>>,
    held: Option<OwnedMutexGuard<usize>>,
    /// Where the log was read up to.
    given: usize,
}

#[async_trait]
impl Records for MemoryRecords {
    async fn next(&mut self, most: usize) -> Result<Vec<Record>, EventLogError> {
        if self.held.is_none() {
            self.held = Some(Arc::clone(&self.position).lock_owned().await);
        }
        let from = self.held.as_deref().copied().unwrap_or_default();
        loop {
            let news = self.state.news.notified();
            tokio::pin!(news);
            news.as_mut().enable();
            let (batch, up_to) = read(&self.state.log.lock(), from, most, self.topics);
            if !batch.is_empty() {
                self.given = up_to;
                return Ok(batch);
            }
            news.await;
        }
    }

    async fn commit(&mut self) -> Result<(), EventLogError> {
        let Some(position) = &mut self.held else { return Ok(()) };
        **position = self.given.max(**position);
        Ok(())
    }
}

/// The next records of these topics, and the place behind them.
fn read(log: &[Record], from: usize, most: usize, topics: &[&str]) -> (Vec<Record>, usize) {
    let mut batch = Vec::new();
    for (at, record) in log.iter().enumerate().skip(from) {
        if topics.contains(&record.envelope.payload.topic()) {
            batch.push(record.clone());
        }
        if batch.len() == most {
            return (batch, at + 1);
        }
    }
    (batch, log.len())
}
