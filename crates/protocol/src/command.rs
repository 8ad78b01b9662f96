//! Client → server events: names, payloads, acks.
//!
//! Every command with an ack is acked. A refusal is [`crate::error::Refusal`], except where the
//! contract says otherwise: `chat:get` → `null`, `chat:leave` → `{success:false}`,
//! `users:list` → `{users:[]}`. What a limit refuses is always one, with these fields added.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::chat::{ChatState, Role};
use crate::error::{OkTag, Refusal};
use crate::ids::{ChatId, MessageId, UserId};
use crate::message::{Message, Status};
use crate::user::Person;

/// `users:list`: everybody, or those whose name or address starts with `query`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, TS, JsonSchema)]
#[ts(export, optional_fields)]
pub struct UsersList {
    /// Case-insensitive prefix of name or address.
    pub query: Option<String>,
    /// At most this many (server maximum 1000).
    pub limit: Option<u32>,
}

/// Ack of `users:list`.
#[derive(Clone, Debug, Serialize, Deserialize, TS, JsonSchema)]
#[ts(export)]
pub struct UsersListAck {
    /// The caller included; own contacts first when capped.
    pub users: Vec<Person>,
}

/// `chat:get`: opens (creating it if need be) the private chat with someone.
#[derive(Clone, Debug, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct ChatGet {
    /// The other user.
    pub recipient_id: UserId,
}

/// Ack of `chat:get`.
#[derive(Clone, Debug, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct ChatGetAck {
    /// The chat.
    pub chat_id: ChatId,
    /// Its newest messages, ascending.
    pub messages: Vec<Message>,
}

/// `chat:join`, `chat:leave`, `chat:get-pinned`, `member:leave`.
#[derive(Clone, Debug, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct ChatRef {
    /// The chat.
    pub chat_id: ChatId,
}

/// Ack of `chat:leave`.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, TS, JsonSchema)]
#[ts(export)]
pub struct ChatLeaveAck {
    /// Whether the view was closed.
    pub success: bool,
}

/// `message`: sends a text. The ack is the stored [`Message`] itself.
#[derive(Clone, Debug, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[ts(export, optional_fields)]
pub struct MessageSend {
    /// Where to.
    pub chat_id: ChatId,
    /// Up to 16 KiB, not blank.
    pub content: String,
    /// The sender's own key (1–64 bytes); repeating it gives the first result again, for ever.
    pub client_id: Option<String>,
}

/// `message:pin`, `message:unpin`.
#[derive(Clone, Debug, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct MessageRef {
    /// The message.
    pub message_id: MessageId,
}

/// `message:read`, `message:delivered`: moves a cursor. Name a message, or a chat and a seq.
#[derive(Clone, Debug, Default, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[ts(export, optional_fields)]
pub struct CursorMove {
    /// A message; reading it reads everything before it.
    pub message_id: Option<MessageId>,
    /// With `seq`: the chat.
    pub chat_id: Option<ChatId>,
    /// With `chatId`: everything up to here.
    #[ts(type = "number")]
    pub seq: Option<u64>,
}

/// `message:status`: what the existing front end reports for each foreign message.
#[derive(Clone, Debug, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct MessageStatusReport {
    /// The message.
    pub message_id: MessageId,
    /// How far it has come.
    pub status: Status,
}

/// `message:forward`.
#[derive(Clone, Debug, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[ts(export, optional_fields)]
pub struct MessageForward {
    /// What.
    pub message_id: MessageId,
    /// Where to.
    pub to_chat_id: ChatId,
    /// A comment that goes before it.
    pub additional_content: Option<String>,
    /// The sender's own key, as in [`MessageSend`].
    pub client_id: Option<String>,
}

/// `message:forward-multiple`: in the given order; those that cannot be forwarded are left out.
#[derive(Clone, Debug, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[ts(export, optional_fields)]
pub struct MessageForwardMultiple {
    /// At most 100.
    pub message_ids: Vec<MessageId>,
    /// Where to.
    pub to_chat_id: ChatId,
    /// A comment that goes before the first of them.
    pub additional_content: Option<String>,
}

/// Ack with one message: pin, unpin, forward.
#[derive(Clone, Debug, Serialize, Deserialize, TS, JsonSchema)]
#[ts(export)]
pub struct MessageAck {
    /// Always `"ok"`.
    pub status: OkTag,
    /// The message after the change.
    pub message: Message,
}

/// Ack with several messages: `chat:get-pinned` (newest pin first), `message:forward-multiple`.
#[derive(Clone, Debug, Serialize, Deserialize, TS, JsonSchema)]
#[ts(export)]
pub struct MessagesAck {
    /// Always `"ok"`.
    pub status: OkTag,
    /// The messages.
    pub messages: Vec<Message>,
}

/// Ack with nothing but success.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize, TS, JsonSchema)]
#[ts(export)]
pub struct OkAck {
    /// Always `"ok"`.
    pub status: OkTag,
}

/// Ack of `chat:join`.
#[derive(Clone, Debug, Serialize, Deserialize, TS, JsonSchema)]
#[ts(export)]
pub struct ChatJoinAck {
    /// Always `"ok"`.
    pub status: OkTag,
    /// `Joined chat room successfully`.
    pub message: String,
}

/// `chat:create`: a group; the caller becomes its admin.
#[derive(Clone, Debug, Serialize, Deserialize, TS, JsonSchema)]
#[ts(export)]
pub struct ChatCreate {
    /// 1–100 characters, not blank.
    pub title: String,
    /// The others.
    pub participants: Vec<UserId>,
}

/// Ack of `chat:create`.
#[derive(Clone, Debug, Serialize, Deserialize, TS, JsonSchema)]
#[ts(export)]
pub struct ChatCreateAck {
    /// Always `"ok"`.
    pub status: OkTag,
    /// The new chat as the caller sees it.
    pub chat: ChatState,
}

/// `chat:update`: an admin renames a group.
#[derive(Clone, Debug, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct ChatUpdate {
    /// The group.
    pub chat_id: ChatId,
    /// 1–100 characters, not blank.
    pub title: String,
}

/// `chat:retention`: an admin says how long a group keeps its messages.
#[derive(Clone, Debug, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct ChatRetention {
    /// The group.
    pub chat_id: ChatId,
    /// Messages older than this go: milliseconds, a minute at least; 0: none does for its age;
    /// `null`, or not given: as the server says.
    #[ts(type = "number | null", optional = nullable)]
    pub max_age_ms: Option<u64>,
    /// The newest so many stay; 0: all; `null`, or not given: as the server says.
    #[ts(type = "number | null", optional = nullable)]
    pub max_count: Option<u64>,
}

/// `member:add`, `member:remove`: by an admin, in a group.
#[derive(Clone, Debug, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct MemberRef {
    /// The group.
    pub chat_id: ChatId,
    /// Whom.
    pub user_id: UserId,
}

/// `member:role`: by an admin, in a group.
#[derive(Clone, Debug, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct MemberRole {
    /// The group.
    pub chat_id: ChatId,
    /// Whom.
    pub user_id: UserId,
    /// What they may do from now on.
    pub role: Role,
}

/// `user:typing`: volatile, forgotten after six seconds.
#[derive(Clone, Debug, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct Typing {
    /// Where.
    pub chat_id: ChatId,
    /// Whether they are.
    pub is_typing: bool,
}

/// `user:get-presence`.
#[derive(Clone, Debug, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct PresenceGet {
    /// Whose.
    pub user_id: UserId,
}

/// Ack of `user:get-online`.
#[derive(Clone, Debug, Serialize, Deserialize, TS, JsonSchema)]
pub struct OnlineAck {
    /// Always `"ok"`.
    pub status: OkTag,
    /// Who is online, of those the caller may know of.
    pub users: Vec<UserId>,
    /// How many that are.
    pub count: usize,
}

/// Ack of `user:get-presence`.
#[derive(Clone, Debug, Serialize, Deserialize, TS, JsonSchema)]
pub struct PresenceAck {
    /// Always `"ok"`.
    pub status: OkTag,
    /// `null` for those never seen, and those the caller may not know of.
    pub presence: Option<Presence>,
}

/// Someone's presence in a [`PresenceAck`].
#[derive(Clone, Debug, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Presence {
    /// Whose.
    pub user_id: UserId,
    /// Whether any connection of theirs is live.
    pub status: PresenceStatus,
    /// When that changed, in milliseconds since the Unix epoch.
    pub last_seen: i64,
}

/// Inside [`Presence`].
#[derive(Clone, Copy, Debug, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum PresenceStatus {
    /// At least one connection is live.
    Online,
    /// None is.
    Offline,
}

/// Failure ack of `chat:leave`.
#[derive(Clone, Debug, Serialize, Deserialize, TS, JsonSchema)]
pub struct ChatLeaveRefused {
    /// Always `false`.
    pub success: bool,
    /// Given when a limit refuses.
    #[serde(flatten)]
    pub refusal: Option<Refusal>,
}

/// Failure ack of `users:list`.
#[derive(Clone, Debug, Serialize, Deserialize, TS, JsonSchema)]
pub struct UsersListRefused {
    /// Always empty.
    pub users: Vec<Person>,
    /// Given when a limit refuses.
    #[serde(flatten)]
    pub refusal: Option<Refusal>,
}
