//! The seam to the other nodes, for what stands in a log.
//!
//! A bus only hastens: what it loses, every node finds in the store within about two seconds
//! (`repair`), so it never blocks anybody and nobody asks it whether something arrived.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use zvon_protocol::ids::{ChatId, SessionId, UserId};
use zvon_protocol::message::Status;

use crate::message::LogEvent;
use crate::session::Reason;

/// What nodes tell each other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum News {
    /// A commit went on with a chat's log: its events, ascending, messages with the status that
    /// they had then. For the nodes that follow the chat.
    Log {
        /// Where.
        chat: ChatId,
        /// What.
        events: Vec<(LogEvent, Status)>,
    },
    /// Someone became a member. For all nodes: any may have their sockets.
    Admitted {
        /// Of what.
        chat: ChatId,
        /// Who.
        user: UserId,
        /// The seq of the event by which they did.
        seq: u64,
    },
    /// A chat's members or pins became others. For all nodes: any may have read them.
    Turned {
        /// Where.
        chat: ChatId,
        /// The seq of the event by which they did.
        seq: u64,
    },
    /// A session was ended. For all nodes, and final.
    Ended {
        /// Which.
        session: SessionId,
        /// Whose.
        user: UserId,
        /// Why.
        reason: Reason,
    },
}

/// Carries news to the *other* nodes, at most once, in no order. It may lose, and never invents:
/// what arrives was made by a node of this cluster, from the same log.
#[async_trait]
pub trait Bus: Send + Sync {
    /// Tells the others. Queues and returns; what does not fit is lost.
    fn publish(&self, news: News);

    /// Wants the logs of these chats from now on. Returns when what is published later will
    /// arrive; if the other nodes cannot be reached, soon.
    async fn follow(&self, chats: &[ChatId]);

    /// Does not want them any more. Each `follow` of a chat needs one.
    fn unfollow(&self, chats: &[ChatId]);

    /// The next news; `None` when the bus is closed. For one listener.
    async fn next(&self) -> Option<News>;
}
