//! Chats and their members.

pub mod group;
pub mod open;
mod rules;
pub mod standing;
pub(crate) mod standings;
pub mod store;
pub mod typing;
pub mod view;

use zvon_protocol::chat::{ChatKind, Retention, Role};
use zvon_protocol::ids::{ChatId, UserId};
use zvon_protocol::time::Timestamp;

/// A chat's own row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chat {
    /// Identity.
    pub id: ChatId,
    /// Two people or many.
    pub kind: ChatKind,
    /// A group's title.
    pub title: Option<String>,
    /// When it was created.
    pub created_at: Timestamp,
    /// Who created it.
    pub created_by: UserId,
    /// The newest seq of its log, at least 1 (its creation).
    pub last_seq: u64,
    /// How many messages its log holds.
    pub msg_no: u64,
    /// When its log last grew.
    pub last_at: Timestamp,
    /// Up to this seq messages have expired; 0: nowhere.
    pub expired_seq: u64,
    /// How many those are, by their numbers.
    pub expired_no: u64,
    /// How long it keeps messages, as far as it says so itself.
    pub retention: Retention,
}

/// A current member of a chat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Where.
    pub chat: ChatId,
    /// Who.
    pub user: UserId,
    /// Their display name.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// The seq of the event that made them a member.
    pub joined_seq: u64,
    /// Everything up to here has reached them.
    pub delivered_seq: u64,
    /// Everything up to here has been read by them; never above `delivered_seq`.
    pub read_seq: u64,
    /// The chat's `msg_no` at `read_seq`.
    pub read_no: u64,
}
