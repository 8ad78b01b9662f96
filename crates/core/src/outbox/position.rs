//! How far whoever follows the outbox for good has read it, by name; durable.
//!
//! Taking a position fences: each taking has a greater number than every one before it under
//! that name, also after the position was forgotten, and only the newest one can be moved. So of two
//! that both believe to be the one reader, one moves on and the other hears of it. A position of
//! another epoch of the log is no place in this one: whoever takes it begins anew.

use async_trait::async_trait;
use zvon_protocol::time::Timestamp;

use super::store::Bookmark;
use crate::store::StoreResult;

/// A reader's position.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Position {
    /// The reader's name.
    pub reader: String,
    /// The number of the newest taking.
    pub fence: u64,
    /// Everything before it was dealt with.
    pub place: Bookmark,
    /// When the newest row before it was committed; `Timestamp(0)` if nothing was read yet.
    pub reached: Timestamp,
    /// When it was taken or moved last.
    pub moved_at: Timestamp,
}

/// Positions, durable. Rows of the outbox wait for all of them, within bounds
/// ([`OutboxStore::purge_outbox`](super::store::OutboxStore::purge_outbox)).
#[async_trait]
pub trait PositionStore: Send + Sync {
    /// Takes a reader's position, which is made at the outbox's beginning if there is none.
    async fn take_position(&self, reader: &str, at: Timestamp) -> StoreResult<Position>;

    /// Moves a position to `place`, the newest row before which was committed at `reached`. `false`
    /// and no change if that is not the newest taking any more, or the log has another epoch.
    async fn move_position(&self, to: &Position) -> StoreResult<bool>;

    /// All positions, by name; those of another epoch at the beginning.
    async fn positions(&self) -> StoreResult<Vec<Position>>;

    /// Forgets a position, so that nothing waits for it; whether there was one.
    async fn forget_position(&self, reader: &str) -> StoreResult<bool>;
}
