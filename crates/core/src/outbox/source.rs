//! The outbox as where jobs get their records, without an event log: each job by a reader of its own.

use std::collections::VecDeque;
use std::sync::Arc;

use async_trait::async_trait;

use super::pages::BrokenRow;
use super::reader::{Ground, Reader};
use crate::event_log::{EventLogError, Record, Records};
use crate::job::{Job, Source};

/// The outbox as where jobs get their records.
pub struct OutboxSource(pub Ground);

#[async_trait]
impl Source for OutboxSource {
    async fn open(&self, job: &Arc<dyn Job>) -> Result<Box<dyn Records>, EventLogError> {
        let mut reader = Reader::of_job(self.0.clone(), job);
        reader.wait().await;
        reader.take().await?;
        Ok(Box::new(OutboxRecords { reader, ready: VecDeque::new(), given: 0 }))
    }
}

/// Records of a job.
struct OutboxRecords {
    reader: Reader,
    /// What was read and is not done.
    ready: VecDeque<Record>,
    /// How much of it was given out.
    given: usize,
}

#[async_trait]
impl Records for OutboxRecords {
    async fn next(&mut self, most: usize) -> Result<Vec<Record>, EventLogError> {
        while self.ready.is_empty() {
            // Nothing is left of what was read.
            self.reader.done().await?;
            let slice = self.reader.next().await?;
            slice.broken.iter().for_each(passed_over);
            self.ready.extend(slice.records);
        }
        self.given = most.min(self.ready.len());
        Ok(self.ready.iter().take(self.given).cloned().collect())
    }

    async fn commit(&mut self) -> Result<(), EventLogError> {
        self.ready.drain(..self.given);
        self.given = 0;
        if self.ready.is_empty() { self.reader.done().await } else { Ok(()) }
    }
}

/// A row that tells nothing that can be understood.
fn passed_over(row: &BrokenRow) {
    tracing::error!(row = row.id, reason = row.reason, "a row of the outbox is passed over");
    metrics::counter!("zvon_outbox_broken_total").increment(1);
}
