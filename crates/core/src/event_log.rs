//! The seams to the event log: what other systems, and our own jobs, hear of every change.
//!
//! [`EventLog`] is what the relay appends to (Kafka). [`Records`] is where jobs read from: the
//! event log as a member of a group of consumers, or, without one, the outbox itself under a
//! lease. The same jobs run on both.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;
use zvon_protocol::record::Envelope;
use zvon_protocol::time::Timestamp;

/// One record and its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// The chat, or the user: records of one key keep their order.
    pub key: Uuid,
    /// What is told; its `event_id` is the same whenever it is told.
    pub envelope: Envelope,
}

/// A record that the event log will never take, whatever else is tried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Poison {
    /// Which of those that were given.
    pub index: usize,
    /// Why, for a person to read.
    pub reason: String,
}

/// What could not be told, as it stands among the dead letters.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DeadLetter {
    /// Where it would have gone, if that is known.
    pub topic: Option<String>,
    /// Its key, if it has one.
    pub key: Option<Uuid>,
    /// Why it could not, for a person to read.
    pub reason: String,
    /// All that is known of it; `null` where it is too large even for this.
    pub payload: Value,
    /// When it was given up.
    pub at: Timestamp,
}

/// The event log could not say what happened; the same call may be tried again.
#[derive(Debug, thiserror::Error)]
pub enum EventLogError {
    /// It is away.
    #[error("the event log is unavailable: {0}")]
    Unavailable(String),
    /// Another one appends in the place of this one; whoever is told this stops.
    #[error("another one appends to the event log: {0}")]
    Fenced(String),
}

/// Where the relay appends.
///
/// Several may hold one; one at a time appends. Whoever has become the one (by a lease) says so with
/// [`Self::begin`] *before* it reads from where to go on: whoever began earlier is `Fenced` from then
/// on, however late it wakes up. After `Fenced` nothing goes on but by another `begin`.
#[async_trait]
pub trait EventLog: Send + Sync {
    /// Takes the place of whoever appended before.
    ///
    /// # Errors
    /// `Unavailable`; then it may have happened or not, and is tried again.
    async fn begin(&self) -> Result<(), EventLogError>;

    /// Appends in this order and returns when all of it is durable, but for what comes back:
    /// records that it will never take, which stand among the dead letters instead. What failed as a
    /// whole may stand there in part; repeated, it keeps the order of each key.
    ///
    /// # Errors
    /// [`EventLogError`]; `Fenced`, too, before the first [`Self::begin`].
    async fn append(&self, records: &[Record]) -> Result<Vec<Poison>, EventLogError>;

    /// Puts among the dead letters what cannot even be made a record of.
    ///
    /// # Errors
    /// As [`Self::append`].
    async fn bury(&self, letters: &[DeadLetter]) -> Result<(), EventLogError>;
}

/// Where jobs read from, each job by its own.
#[async_trait]
pub trait Records: Send {
    /// The next records, at most `most`; waits for some. Records of one key and topic come in their
    /// order. At least once: what was not committed comes again, to the next call if this one still
    /// has its place, or to another of the same group. May be given up while it waits.
    ///
    /// # Errors
    /// [`EventLogError`].
    async fn next(&mut self, most: usize) -> Result<Vec<Record>, EventLogError>;

    /// All that was given out is done.
    ///
    /// # Errors
    /// [`EventLogError`]; `Fenced` when others took over: what was given out comes again there.
    async fn commit(&mut self) -> Result<(), EventLogError>;
}
