//! Cursors, durable: how far each member has received and read.

use async_trait::async_trait;
use zvon_protocol::ids::{ChatId, SessionId, UserId};

use crate::store::StoreResult;

/// A wish to move a member's cursors forward; what lies behind or past the log's end is clipped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Move {
    /// Where.
    pub chat: ChatId,
    /// Whose.
    pub user: UserId,
    /// The session that asks; `None` when the node itself saw the hand-over.
    pub session: Option<SessionId>,
    /// Received up to here (0: no change).
    pub delivered: u64,
    /// Read, and so received, up to here (0: no change).
    pub read: u64,
}

/// A move that happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moved {
    /// Where.
    pub chat: ChatId,
    /// Whose.
    pub user: UserId,
    /// Delivered cursor before and after.
    pub delivered: (u64, u64),
    /// Read cursor before and after.
    pub read: (u64, u64),
}

/// Cursors, durable. They only grow, and never pass the log's end.
#[async_trait]
pub trait CursorStore: Send + Sync {
    /// Moves cursors in one transaction; answers those that moved. Moves of people who are not
    /// members, or by a session that is not live, are passed over.
    async fn move_cursors(&self, moves: &[Move]) -> StoreResult<Vec<Moved>>;

    /// Moves the delivered cursors of all of a user's chats to the end of their logs; answers
    /// those that moved. Costs a read alone if none has to.
    async fn deliver_all(&self, user: UserId) -> StoreResult<Vec<Moved>>;
}
