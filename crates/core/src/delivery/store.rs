//! Cursors, durable: how far each member has received and read.

use async_trait::async_trait;
use zvon_protocol::ids::{ChatId, SessionId, UserId};
use zvon_protocol::time::Timestamp;

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

impl Moved {
    /// Whether it goes anywhere.
    #[must_use]
    pub fn goes_on(&self) -> bool {
        self.delivered.0 < self.delivered.1 || self.read.0 < self.read.1
    }

    /// The stretch of the log that it passed, its beginning excluded.
    #[must_use]
    pub fn span(&self) -> (u64, u64) {
        let moves = |(from, to): (u64, u64)| (from < to).then_some((from, to));
        match (moves(self.delivered), moves(self.read)) {
            (Some(delivered), Some(read)) => (delivered.0.min(read.0), delivered.1.max(read.1)),
            (Some(one), None) | (None, Some(one)) => one,
            (None, None) => (self.delivered.1, self.delivered.1),
        }
    }
}

/// Cursors, durable. They only grow, and never pass the log's end.
#[async_trait]
pub trait CursorStore: Send + Sync {
    /// Moves cursors in one transaction; answers those that moved, each member once. Moves of
    /// people who are not members, or by a session that is not live at `at`, are passed over.
    async fn move_cursors(&self, at: Timestamp, moves: &[Move]) -> StoreResult<Vec<Moved>>;

    /// Moves the delivered cursors of all of a user's chats to the end of their logs; answers
    /// those that moved. Costs a read alone if none has to.
    async fn deliver_all(&self, user: UserId) -> StoreResult<Vec<Moved>>;
}
