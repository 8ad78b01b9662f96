//! The outbox, durable.

use async_trait::async_trait;
use tokio::sync::watch;
use zvon_protocol::chat::ChatKind;
use zvon_protocol::ids::{ChatId, MessageId, UserId};
use zvon_protocol::time::Timestamp;

use super::event::AccountEvent;
use crate::message::LogEvent;
use crate::store::StoreResult;

/// What one transaction added to the logs, and did to accounts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutboxRow {
    /// Its identity. Ascending in the order of the commits that touched one chat; those of
    /// different chats may become visible in another order.
    pub id: u64,
    /// When it was committed.
    pub at: Timestamp,
    /// Per chat the first and the last seq it added.
    pub spans: Vec<(ChatId, u64, u64)>,
    /// Who became a member by it, but for whoever did it; the seq is that of the event.
    pub admitted: Vec<(ChatId, UserId, u64)>,
    /// What happened to accounts, in order: a JSON array of [`AccountEvent`]; they have no seq.
    pub extra: Option<String>,
}

/// How far somebody has read the outbox. Opaque to all but the store that made it; empty when
/// nothing was read. It may be kept anywhere, for as long as the log's epoch stays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bookmark(pub String);

/// A stretch of a chat's log: `after < seq <= upto`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stretch {
    /// Where.
    pub chat: ChatId,
    /// Before its first event.
    pub after: u64,
    /// Its last event.
    pub upto: u64,
}

/// An event of a log, with what others are told of it besides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// The event.
    pub event: LogEvent,
    /// Of a chat's creation: two people or many.
    pub kind: Option<ChatKind>,
    /// Of a forwarded message: where the original stands, if it is known.
    pub from_chat: Option<ChatId>,
    /// Of an expiry: the messages, in order.
    pub expired: Vec<MessageId>,
}

/// A message that somebody's cursor passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Passed {
    /// Where.
    pub chat: ChatId,
    /// Which.
    pub id: MessageId,
    /// Its place.
    pub seq: u64,
    /// Whose.
    pub sender: UserId,
}

/// How much lies beyond a place.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Backlog {
    /// About how many rows: never fewer than there are, for rows in one place.
    pub rows: u64,
    /// When the oldest of them was committed.
    pub oldest: Option<Timestamp>,
}

/// What was dropped of the outbox.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Purged {
    /// Rows that every reader had read.
    pub read: u64,
    /// Rows that some reader had not.
    pub unread: u64,
}

/// The outbox, durable.
#[async_trait]
pub trait OutboxStore: Send + Sync {
    /// Rows that were committed since that place, at most `limit`, and the place after them.
    /// From place to place every row comes exactly once, whatever transactions are under way, and
    /// those of one chat in the order of its log. None: all that is committed was read. The cost
    /// is that of the rows it brings.
    async fn outbox(&self, from: &Bookmark, limit: u32) -> StoreResult<(Vec<OutboxRow>, Bookmark)>;

    /// The place after everything that is committed now.
    async fn outbox_end(&self) -> StoreResult<Bookmark>;

    /// Rows that are still there with `after < id`, of that time (`from <= at < to`), by id, at
    /// most `limit`.
    async fn outbox_of(
        &self,
        (from, to): (Timestamp, Timestamp),
        after: u64,
        limit: u32,
    ) -> StoreResult<Vec<OutboxRow>>;

    /// How much lies beyond a place. Costs the same however much it is.
    async fn backlog(&self, from: &Bookmark) -> StoreResult<Backlog>;

    /// The events of these stretches, which do not overlap; ascending in each. Without `messages`
    /// those alone that are none.
    async fn told(&self, stretches: &[Stretch], messages: bool) -> StoreResult<Vec<Told>>;

    /// The messages in these stretches, which do not overlap; in any order.
    async fn passed_in(&self, stretches: &[Stretch]) -> StoreResult<Vec<Passed>>;

    /// Writes events that change nothing else into one row, in their order; no row for none. After
    /// [`StoreError::Unavailable`](crate::store::StoreError) they may stand there nevertheless.
    async fn record(&self, at: Timestamp, events: &[AccountEvent]) -> StoreResult<()>;

    /// Drops rows older than `read` that every position has passed, and those older than
    /// `unread` whether it has or not, in small transactions.
    async fn purge_outbox(&self, read: Timestamp, unread: Timestamp) -> StoreResult<Purged>;

    /// Changes only when the store was restored from a backup.
    async fn log_epoch(&self) -> StoreResult<String>;

    /// Moves soon after each commit, if all that is committed for good comes through this store:
    /// whoever follows the outbox may wait for that, and needs to look by itself only for what an
    /// operator's commands do beside it. `None`: others commit, too.
    fn news(&self) -> Option<watch::Receiver<u64>> {
        None
    }
}
