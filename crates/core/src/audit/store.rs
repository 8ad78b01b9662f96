//! The audit log, durable.

use async_trait::async_trait;
use zvon_protocol::ids::UserId;
use zvon_protocol::time::Timestamp;

use super::{Entry, Head, Row};
use crate::store::StoreResult;

/// Which entries.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Those of this user, or done by them.
    pub user: Option<UserId>,
    /// Those of this action.
    pub action: Option<String>,
    /// From then on.
    pub since: Option<Timestamp>,
    /// Before then.
    pub until: Option<Timestamp>,
    /// Those before this number.
    pub before: Option<u64>,
}

/// The audit log, durable. Entries are only added.
#[async_trait]
pub trait AuditStore: Send + Sync {
    /// Appends entries in this order, but for those whose `event_id` is there; the head after it.
    /// One at a time, so numbers have no gap and each row holds the hash of the one before it.
    async fn append_audit(&self, entries: &[Entry]) -> StoreResult<Head>;

    /// At most `limit` rows, the newest first.
    async fn audit_page(&self, filter: &Filter, limit: u32) -> StoreResult<Vec<Row>>;

    /// At most `limit` rows after that number, ascending, whatever they hold.
    async fn audit_rows(&self, after: u64, limit: u32) -> StoreResult<Vec<Row>>;

    /// The head as it was noted with the last append.
    async fn audit_head(&self) -> StoreResult<Head>;
}
