//! Zvon's own background work: what has to happen after an event, once, and nobody waits for.
//!
//! A [`Job`] names the topics it wants and does the effect of a batch of records. It runs by
//! [`runner`], which reads a source of the job's own, tries again, and puts away what can not be
//! done (`store`), so that no job and no record waits for another that fails. Records come at least
//! once; an effect happens once because the job's verb of the store notes the records' `event_id`s
//! under the job's name in the transaction of the effect, and passes over those it knows.
//!
//! The jobs there are stand in one list, `server/src/jobs.rs`. The same run in a node or in
//! `zvon worker`, from the outbox or from the event log.

mod backoff;
mod meters;
pub mod runner;
pub mod store;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use async_trait::async_trait;
use zvon_protocol::ids::ChatId;
use zvon_protocol::time::Timestamp;

use crate::event_log::{EventLogError, Record, Records};
use crate::store::{StoreError, StoreResult};

pub use backoff::Backoff;

/// Work on records.
#[async_trait]
pub trait Job: Send + Sync {
    /// Its name: that of its position, its memory, its dead letters and its meters. Never another.
    fn name(&self) -> &'static str;

    /// The topics it wants; other records are not shown to it.
    fn topics(&self) -> &'static [&'static str];

    /// Whether somebody waits for what it does. Otherwise it looks for records about once a second,
    /// so that what happens meanwhile costs one look and one batch.
    fn is_prompt(&self) -> bool {
        false
    }

    /// Whether it wants nothing at all now, so that what there is may be passed over unread. Asked
    /// after it was looked how much there is: whoever comes to want something later, misses nothing
    /// of what is committed after that.
    ///
    /// # Errors
    /// The store's.
    async fn wants_nothing(&self) -> StoreResult<bool> {
        Ok(false)
    }

    /// Of which of these chats alone it wants what happens, and nothing that is about no chat;
    /// `None`: it wants everything. A hint that spares reading, asked after it was read that
    /// something happened in these chats; other records may be shown to it nevertheless.
    ///
    /// # Errors
    /// The store's.
    async fn wants_of(&self, chats: &[ChatId]) -> StoreResult<Option<Vec<ChatId>>> {
        let _ = chats;
        Ok(None)
    }

    /// The effect of these records, in their order, of all or of none: in one transaction that also
    /// notes them as done ([`Once`]). The same records may come again, in other batches, at the same
    /// time elsewhere; the future may be dropped in the middle.
    ///
    /// # Errors
    /// [`JobError`].
    async fn run(&self, records: &[Record]) -> Result<(), JobError>;
}

/// Why the effect did not happen, as far as is known.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JobError {
    /// Something is away that comes back: it is tried again for as long as it takes.
    #[error("{0}")]
    Away(String),
    /// It can not be done: after some tries the records are put away one by one.
    #[error("{0}")]
    Failed(String),
}

impl From<StoreError> for JobError {
    fn from(error: StoreError) -> Self {
        let text = error.to_string();
        match error {
            StoreError::Unavailable(_) => Self::Away(text),
            StoreError::Broken(_) => Self::Failed(text),
        }
    }
}

/// Under which name, and when, a verb of the store notes the records whose effect it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Once {
    /// The job's name.
    pub job: &'static str,
    /// Now; what was noted is forgotten by age.
    pub at: Timestamp,
}

/// Where jobs get their records: the event log or the outbox.
#[async_trait]
pub trait Source: Send + Sync {
    /// Records of a job's topics, from where the last reader for a job of that name committed; the
    /// first one begins with what is still there. Waits until it may read. What the job says that it
    /// does not want may be left out.
    ///
    /// # Errors
    /// [`EventLogError`].
    async fn open(&self, job: &Arc<dyn Job>) -> Result<Box<dyn Records>, EventLogError>;
}
