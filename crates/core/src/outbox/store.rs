//! The outbox, durable.

use std::collections::BTreeSet;

use async_trait::async_trait;
use zvon_protocol::ids::{ChatId, UserId};
use zvon_protocol::time::Timestamp;

use super::event::AccountEvent;
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

/// How far somebody has read the outbox: all that was committed before `mark`, and `seen` beyond
/// it. Opaque to all but the store that made it. It may be kept without `seen`, and then some
/// rows come twice.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bookmark {
    /// Nothing before it is still to come.
    pub mark: u64,
    /// Ids of rows that were read although they do not lie before the mark.
    pub seen: BTreeSet<u64>,
}

/// The outbox, durable.
#[async_trait]
pub trait OutboxStore: Send + Sync {
    /// Rows that were committed since that place, at most `limit`, and the place after them.
    /// From place to place every row comes exactly once, whatever transactions are under way, and
    /// those of one chat in the order of its log. The place of nothing read is the default.
    async fn outbox(&self, from: &Bookmark, limit: u32) -> StoreResult<(Vec<OutboxRow>, Bookmark)>;

    /// The place after everything that is committed now.
    async fn outbox_end(&self) -> StoreResult<Bookmark>;

    /// Writes events that change nothing else into one row, in their order; no row for none. After
    /// [`StoreError::Unavailable`](crate::store::StoreError) they may stand there nevertheless.
    async fn record(&self, at: Timestamp, events: &[AccountEvent]) -> StoreResult<()>;

    /// Drops rows older than `before`, in small transactions; how many.
    async fn purge_outbox(&self, before: Timestamp) -> StoreResult<u64>;

    /// Changes only when the store was restored from a backup.
    async fn log_epoch(&self) -> StoreResult<String>;
}
