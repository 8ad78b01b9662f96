//! Messages and the log they stand in.

pub mod forward;
pub mod history;
pub(crate) mod overlay;
pub(crate) mod pages;
pub mod pin;
pub mod restate;
mod rules;
pub mod send;
pub(crate) mod shelf;
pub mod status;
pub mod store;
pub mod wire;

use serde::{Deserialize, Serialize};
use uuid::Uuid;
use zvon_protocol::chat::{Retention, Role};
use zvon_protocol::ids::{ChatId, MessageId, UserId};
use zvon_protocol::time::Timestamp;

/// Where a forwarded message comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Forward {
    /// The message it was forwarded from.
    pub from: MessageId,
    /// The first sender of the chain.
    pub original_sender: UserId,
}

/// Who pinned a message, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pin {
    /// When.
    pub at: Timestamp,
    /// Who.
    pub by: UserId,
}

/// A stored message: a row of the log, with its pin as of now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessageRow {
    /// Identity.
    pub id: MessageId,
    /// Where.
    pub chat: ChatId,
    /// Its place in the log.
    pub seq: u64,
    /// Its number among the chat's messages.
    pub msg_no: u64,
    /// When it was committed.
    pub at: Timestamp,
    /// Who sent it.
    pub sender: UserId,
    /// Its text.
    pub content: String,
    /// The sender's own key.
    pub client_id: Option<String>,
    /// Where it was forwarded from, if it was.
    pub forward: Option<Forward>,
    /// Its pin, if it is pinned.
    pub pin: Option<Pin>,
}

/// One durable change of a chat.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogEvent {
    /// Where.
    pub chat: ChatId,
    /// Its place: 1, 2, 3 …
    pub seq: u64,
    /// Messages up to and including this event.
    pub msg_no: u64,
    /// When it was committed; never before its predecessor's.
    pub at: Timestamp,
    /// Who did it.
    pub actor: UserId,
    /// What.
    pub kind: EventKind,
}

/// What a [`LogEvent`] changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum EventKind {
    /// The chat was created (always seq 1).
    Created,
    /// A message was sent or forwarded in. `pin` is as of the reading.
    Message(MessageRow),
    /// A message was pinned: the message as it is after that.
    Pinned(MessageRow),
    /// A message was unpinned: the message as it is after that.
    Unpinned(MessageRow),
    /// Someone was added.
    MemberAdded(Subject),
    /// Someone was removed by an admin.
    MemberRemoved(Subject),
    /// Someone left.
    MemberLeft(Subject),
    /// Someone's role changed.
    MemberChanged(Subject),
    /// The title changed.
    Renamed(String),
    /// How long messages are kept changed.
    RetentionChanged(Retention),
    /// The messages with `after < seq <= upto` expired; those before had expired already. Pins of
    /// theirs are gone, too. Nobody did it: the actor is [`NOBODY`].
    Expired {
        /// Before the first of them.
        after: u64,
        /// No message up to here is left.
        upto: u64,
    },
    /// A message that has expired, or a pin of one: a place and nothing else.
    Emptied,
}

/// Who did what nobody did.
pub const NOBODY: UserId = UserId(Uuid::nil());

/// Whom a membership event concerns.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subject {
    /// Who.
    pub user: UserId,
    /// Their display name.
    pub name: String,
    /// Their role after the event.
    pub role: Role,
}
