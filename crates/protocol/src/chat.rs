//! Chats and their members as clients see them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::ids::{ChatId, UserId};
use crate::message::Message;
use crate::time::Timestamp;

/// Two people, or many.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[ts(export)]
pub enum ChatKind {
    /// Exactly two members, for ever; one per pair of users.
    Private,
    /// Any number of members, with admins.
    Group,
}

/// What a member may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[ts(export)]
pub enum Role {
    /// Reads, writes, pins, leaves.
    Member,
    /// A member who also adds, removes, and changes roles and title.
    Admin,
}

/// How long a chat keeps its messages. `null` is what the server says, 0 is no bound.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, TS, JsonSchema,
)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct Retention {
    /// Messages older than this go: milliseconds, a minute at least.
    #[ts(type = "number | null")]
    pub max_age_ms: Option<u64>,
    /// The newest so many stay.
    #[ts(type = "number | null")]
    pub max_count: Option<u64>,
}

/// A user in a chat, with how far they have received and read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct Member {
    /// Who.
    pub user_id: UserId,
    /// Their display name.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// Everything up to this seq has reached them.
    #[ts(type = "number")]
    pub delivered_seq: u64,
    /// Everything up to this seq has been read by them.
    #[ts(type = "number")]
    pub read_seq: u64,
}

/// One chat of the caller's, as `sync`, `chat:create` and `chat:created` give it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct ChatState {
    /// Identity of the chat.
    pub id: ChatId,
    /// Two people or many.
    pub kind: ChatKind,
    /// The group's title; `null` in private chats.
    pub title: Option<String>,
    /// Ids of the current members.
    pub participants: Vec<UserId>,
    /// The current members.
    pub members: Vec<Member>,
    /// When it was created.
    pub created_at: Timestamp,
    /// Who created it.
    pub created_by: UserId,
    /// The newest seq of its log.
    #[ts(type = "number")]
    pub last_seq: u64,
    /// Up to here messages have expired: none of them is there any more.
    #[ts(type = "number")]
    pub expired_seq: u64,
    /// The caller's delivered cursor.
    #[ts(type = "number")]
    pub delivered_seq: u64,
    /// The caller's read cursor.
    #[ts(type = "number")]
    pub read_seq: u64,
    /// Messages of others after the caller's read cursor.
    #[ts(type = "number")]
    pub unread: u64,
    /// The newest message.
    pub last_message: Option<Message>,
}
