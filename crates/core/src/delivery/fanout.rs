//! The seam to this node's sockets.

use std::sync::Arc;

use zvon_protocol::chat::ChatState;
use zvon_protocol::event::ServerEvent;
use zvon_protocol::ids::{ChatId, SessionId, UserId};

use super::Delivery;

/// Hands events to this node's sockets. Never blocks and never waits for a peer: a call queues
/// shared bytes and returns. Calls for one chat's log come one at a time, in order of seq, and
/// every socket of the room gets each event once, in that order. Everything here may be called
/// for chats and users without a socket on this node, and then does nothing.
pub trait Fanout: Send + Sync {
    /// A chat's log went on: to the sockets in its room. After a delivery with `left`, that
    /// user's sockets leave the room.
    fn deliver(&self, chat: ChatId, deliveries: &[Arc<Delivery>]);

    /// The user is a member of a chat: tells their sockets `chat:created`; those that follow all
    /// of their chats hear `replay` (what followed `state`) and enter the room.
    fn admit(&self, user: UserId, state: &ChatState, replay: &[Arc<Delivery>]);

    /// Users with a socket in the chat's room, without repetition; at most `limit`.
    fn present(&self, chat: ChatId, limit: usize) -> Vec<UserId>;

    /// Whether the user has a socket on this node.
    fn is_here(&self, user: UserId) -> bool;

    /// Whether the chat's room is empty.
    fn is_empty(&self, chat: ChatId) -> bool;

    /// An event without a place in a log, to the chat's room.
    fn to_chat(&self, chat: ChatId, event: &ServerEvent);

    /// An event without a place in a log, to all of a user's sockets.
    fn to_user(&self, user: UserId, event: &ServerEvent);

    /// The same, but only to sockets that do not follow all of their chats by `sync`.
    fn to_user_unsynced(&self, user: UserId, event: &ServerEvent);

    /// An event without a place in a log, to every socket.
    fn to_everyone(&self, event: &ServerEvent);

    /// Tells the session's sockets why, and closes them.
    fn end_session(&self, session: SessionId, reason: &str);
}
