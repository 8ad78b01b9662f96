//! The seams to the event log: what other systems, and our own jobs, hear of every change.
//!
//! [`EventLog`] is what the relay appends to (Kafka). [`Records`] is where jobs read from: the
//! event log as a member of a group of consumers, or, without one, the outbox itself under a
//! lease. The same jobs run on both.

use async_trait::async_trait;
use uuid::Uuid;
use zvon_protocol::record::Envelope;

/// The topic of dead letters.
pub const DEAD_LETTERS: &str = "zvon.dead-letter";

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

/// What the event log will never take, for people to look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeadLetter {
    /// The topic that it was meant for.
    pub topic: String,
    /// Its key there.
    pub key: Uuid,
    /// Why it is dead.
    pub reason: String,
    /// What it is: JSON, as far as it could be made.
    pub payload: String,
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
    /// records that it will never take. What failed as a whole may stand there in part; repeated,
    /// it keeps the order of each key.
    ///
    /// # Errors
    /// [`EventLogError`]; `Fenced`, too, before the first [`Self::begin`].
    async fn append(&self, records: &[Record]) -> Result<Vec<Poison>, EventLogError>;

    /// Keeps what is dead in a place of its own (Kafka: the topic [`DEAD_LETTERS`]), where it harms
    /// nobody; cut to what fits. The relay brings there what [`EventLog::append`] gave back.
    ///
    /// # Errors
    /// [`EventLogError`].
    async fn bury(&self, dead: &DeadLetter) -> Result<(), EventLogError>;
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

    /// All that was given out is done. Where readers share the records and one came or went
    /// meanwhile, some of it may come again nevertheless, here or there.
    ///
    /// # Errors
    /// [`EventLogError`]; `Fenced` when others took over: what was given out comes again there.
    async fn commit(&mut self) -> Result<(), EventLogError>;
}
