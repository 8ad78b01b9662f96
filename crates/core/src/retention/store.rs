//! Retention, durable.

use async_trait::async_trait;
use zvon_protocol::chat::Retention;
use zvon_protocol::ids::ChatId;
use zvon_protocol::time::Timestamp;

use super::policy::Terms;
use crate::message::LogEvent;
use crate::store::StoreResult;

/// What was done about a chat.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// The event by which messages expired, if any did.
    pub event: Option<LogEvent>,
    /// How many.
    pub removed: u64,
}

/// Retention, durable. Each chat has a time at which it is looked at next, or none; a new chat is
/// looked at soon.
#[async_trait]
pub trait RetentionStore: Send + Sync {
    /// Has all chats be looked at if these are not the server's terms of the last time; in small
    /// transactions. How many that concerned.
    async fn sweep_anew(&self, default: Retention) -> StoreResult<u64>;

    /// For a server without terms of its own: at most `limit` of the chats that are to be looked at
    /// and say nothing themselves are not, until somebody says something. How many.
    async fn pass_over(&self, now: Timestamp, limit: u32) -> StoreResult<u64>;

    /// At most `limit` chats that are to be looked at, those that wait longest first, and since
    /// when they do. Costs as much as it brings.
    async fn due(&self, now: Timestamp, limit: u32) -> StoreResult<Vec<(ChatId, Timestamp)>>;

    /// Those of the chats that have more messages than they keep.
    async fn crowded(&self, chats: &[ChatId], default: Retention) -> StoreResult<Vec<ChatId>>;

    /// Looks at a chat, under its lock: decides by [`plan`](super::policy::plan), empties what is
    /// over, takes away its pins, appends the event that tells of it, and notes when to look again.
    /// Reads and writes as many rows as messages go, and one more.
    async fn sweep(&self, chat: ChatId, terms: &Terms) -> StoreResult<Swept>;
}
