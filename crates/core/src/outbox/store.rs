//! The outbox, durable.

use async_trait::async_trait;
use zvon_protocol::ids::ChatId;
use zvon_protocol::time::Timestamp;

use crate::store::StoreResult;

/// What one transaction added to the logs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutboxRow {
    /// Ascending in commit order.
    pub id: u64,
    /// When it was committed.
    pub at: Timestamp,
    /// Per chat the first and the last seq it added.
    pub spans: Vec<(ChatId, u64, u64)>,
    /// Account events, as JSON; they have no seq.
    pub extra: Option<String>,
}

/// The outbox, durable.
#[async_trait]
pub trait OutboxStore: Send + Sync {
    /// Rows with `after < id`, ascending, at most `limit`.
    async fn outbox(&self, after: u64, limit: u32) -> StoreResult<Vec<OutboxRow>>;

    /// Drops rows older than `before`, in small transactions; how many.
    async fn purge_outbox(&self, before: Timestamp) -> StoreResult<u64>;

    /// Changes only when the store was restored from a backup.
    async fn log_epoch(&self) -> StoreResult<String>;
}
