//! What is remembered of jobs, durable.
//!
//! The verbs of the jobs' own effects stand with their features. Each takes a [`Once`](super::Once)
//! and the records' ids, and changes nothing for those that it has noted under the job's name.

use async_trait::async_trait;
use zvon_protocol::time::Timestamp;

use crate::event_log::Record;
use crate::store::StoreResult;

/// A record that a job could not do.
#[derive(Clone, Debug, PartialEq)]
pub struct DeadLetter {
    /// The job.
    pub job: String,
    /// The record.
    pub record: Record,
    /// Why, for a person to read.
    pub reason: String,
    /// When it was given up.
    pub at: Timestamp,
}

/// How a job stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JobState {
    /// Its name.
    pub job: String,
    /// When this was noted.
    pub at: Timestamp,
    /// How many records it did: since the last note when it is noted, in all when it is read.
    pub done: u64,
    /// When the newest of them happened.
    pub reached: Timestamp,
    /// What keeps it from going on, if anything does.
    pub trouble: Option<String>,
    /// How many records lie dead. Not noted: counted when it is read.
    pub dead: u64,
}

/// What is remembered of jobs, durable.
#[async_trait]
pub trait JobStore: Send + Sync {
    /// Puts a record away. One that lies there already gets the new reason and time.
    async fn bury(&self, letter: &DeadLetter) -> StoreResult<()>;

    /// At most `limit` dead letters of a job, or of all, the oldest first.
    async fn dead_letters(&self, job: Option<&str>, limit: u32) -> StoreResult<Vec<DeadLetter>>;

    /// Takes a dead letter away; whether it was there.
    async fn forget_dead(&self, job: &str, event_id: &str) -> StoreResult<bool>;

    /// Notes how a job stands. `done` is added up; `reached` never goes back.
    async fn note_job(&self, state: &JobState) -> StoreResult<()>;

    /// How the jobs stand that were ever noted or have dead letters, by name.
    async fn job_states(&self) -> StoreResult<Vec<JobState>>;

    /// Forgets which records were done before that moment, in small transactions; how many.
    async fn purge_done(&self, before: Timestamp) -> StoreResult<u64>;
}
