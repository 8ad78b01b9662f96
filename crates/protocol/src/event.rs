//! Server → client events.
//!
//! Those that come from a chat's log carry `chatId` and `seq`, the event's own place in the log.
//! As an element of `sync`'s `events` an event is `{event, data}`; on a socket, name and payload.

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::ser::Serializer;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::chat::{ChatState, Retention, Role};
use crate::error::Exception;
use crate::ids::{ChatId, MessageId, UserId};
use crate::message::{Message, Status};
use crate::time::Timestamp;

/// What `exception` says, which is about no chat and in no `sync`.
const EXCEPTION: &str = "A command of this socket was refused.";

macro_rules! events {
    ($(#[doc = $doc:literal] $name:literal $variant:ident($payload:ty),)+) => {
        /// Everything a server says unasked.
        #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
        #[serde(tag = "event", content = "data")]
        #[ts(export)]
        pub enum ServerEvent {
            $(#[doc = $doc] #[serde(rename = $name)] $variant($payload),)+
        }

        impl ServerEvent {
            /// The Socket.IO event name.
            #[must_use]
            pub fn name(&self) -> &'static str {
                match self { $(Self::$variant(_) => $name,)+ }
            }

            /// Serialises the payload alone.
            ///
            /// # Errors
            /// Those of the serializer.
            pub fn serialize_payload<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                match self { $(Self::$variant(payload) => payload.serialize(serializer),)+ }
            }

            /// Every event: its name, what it says, the schema of its payload.
            pub fn documented(
                schemas: &mut SchemaGenerator,
            ) -> Vec<(&'static str, &'static str, Schema)> {
                vec![
                    $(($name, $doc.trim_ascii(), schemas.subschema_for::<$payload>()),)+
                    ("exception", EXCEPTION, schemas.subschema_for::<Exception>()),
                ]
            }
        }
    };
}

events! {
    /// The socket is authenticated.
    "connection:established" ConnectionEstablished(ConnectionEstablished),
    /// Someone's presence changed.
    "users:update" UsersUpdate(UsersUpdate),
    /// The same with the time; an older spelling.
    "user:status" UserStatus(UserStatus),
    /// A message was sent or forwarded into the chat.
    "message" Message(Message),
    /// The caller's own send is stored.
    "message:ack" MessageAck(MessageStored),
    /// One's own message has come further.
    "message:status" MessageStatus(MessageStatus),
    /// A message was pinned.
    "message:pinned" MessagePinned(PinNotice),
    /// A message was unpinned.
    "message:unpinned" MessageUnpinned(PinNotice),
    /// A message was forwarded into the chat; its `message` came just before.
    "message:forwarded" MessageForwarded(MessageForwarded),
    /// A member's cursor moved.
    "chat:cursor" ChatCursor(ChatCursor),
    /// The receiver is a member of a new chat.
    "chat:created" ChatCreated(ChatCreated),
    /// A group's title changed.
    "chat:updated" ChatUpdated(ChatUpdated),
    /// How long a group keeps its messages changed.
    "retention:changed" RetentionChanged(RetentionChanged),
    /// A chat's oldest messages are gone, and their pins.
    "messages:expired" MessagesExpired(MessagesExpired),
    /// The receiver is no longer a member.
    "chat:removed" ChatRemoved(ChatRemoved),
    /// Someone was added.
    "member:added" MemberAdded(MemberNotice),
    /// Someone was removed by an admin.
    "member:removed" MemberRemoved(MemberNotice),
    /// Someone left.
    "member:left" MemberLeft(MemberNotice),
    /// Someone's role changed.
    "member:changed" MemberChanged(MemberNotice),
    /// Someone types, or stopped.
    "user:typing" UserTyping(UserTyping),
    /// The session was ended; the connection closes.
    "session:revoked" SessionRevoked(SessionRevoked),
    /// Nothing but a carrier of the resume offset.
    "offset:moved" OffsetMoved(OffsetMoved),
}

/// Payload of `connection:established`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct ConnectionEstablished {
    /// The caller.
    pub user_id: UserId,
}

/// Payload of `users:update`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct UsersUpdate {
    /// Who.
    pub user_id: UserId,
    /// Whether any connection of theirs is live.
    pub is_online: bool,
}

/// Payload of `user:status`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct UserStatus {
    /// Who.
    pub user_id: UserId,
    /// Whether any connection of theirs is live.
    pub is_online: bool,
    /// When that changed.
    pub last_seen: Timestamp,
}

/// Payload of `message:ack`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct MessageStored {
    /// The stored message.
    pub message_id: MessageId,
}

/// Payload of `message:status`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct MessageStatus {
    /// The message.
    pub message_id: MessageId,
    /// How far it has come.
    pub status: Status,
    /// When.
    pub timestamp: Timestamp,
}

/// Payload of `message:pinned` and `message:unpinned`: the message, but `seq` is the event's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct PinNotice {
    /// The message's own place in the log.
    #[ts(type = "number")]
    pub message_seq: u64,
    /// The message after the change; its `seq` is this event's place in the log.
    #[serde(flatten)]
    pub message: Message,
}

/// Payload of `message:forwarded`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct MessageForwarded {
    /// The new message.
    pub message_id: MessageId,
    /// The chat it was forwarded into.
    pub to_chat_id: ChatId,
    /// Who forwarded it.
    pub forwarded_by: UserId,
    /// The first sender of the chain.
    pub original_sender_id: UserId,
}

/// Payload of `chat:cursor`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct ChatCursor {
    /// Where.
    pub chat_id: ChatId,
    /// Whose.
    pub user_id: UserId,
    /// Everything up to here has reached them.
    #[ts(type = "number")]
    pub delivered_seq: u64,
    /// Everything up to here has been read by them.
    #[ts(type = "number")]
    pub read_seq: u64,
}

/// Payload of `chat:created`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[ts(export)]
pub struct ChatCreated {
    /// The chat as the receiver sees it.
    pub chat: ChatState,
}

/// Payload of `chat:updated`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct ChatUpdated {
    /// Which.
    pub chat_id: ChatId,
    /// Its new title.
    pub title: String,
    /// Who changed it.
    pub by: UserId,
    /// The event's place in the log.
    #[ts(type = "number")]
    pub seq: u64,
    /// When.
    pub at: Timestamp,
}

/// Payload of `retention:changed`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct RetentionChanged {
    /// Which.
    pub chat_id: ChatId,
    /// What holds from now on.
    pub retention: Retention,
    /// Who changed it.
    pub by: UserId,
    /// The event's place in the log.
    #[ts(type = "number")]
    pub seq: u64,
    /// When.
    pub at: Timestamp,
}

/// Payload of `messages:expired`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct MessagesExpired {
    /// Where.
    pub chat_id: ChatId,
    /// All messages up to this place are gone.
    #[ts(type = "number")]
    pub upto_seq: u64,
    /// The event's place in the log.
    #[ts(type = "number")]
    pub seq: u64,
    /// When.
    pub at: Timestamp,
}

/// Payload of `chat:removed`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct ChatRemoved {
    /// Which.
    pub chat_id: ChatId,
}

/// Payload of `member:added`, `member:removed`, `member:left`, `member:changed`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct MemberNotice {
    /// Where.
    pub chat_id: ChatId,
    /// Whom it concerns.
    pub user_id: UserId,
    /// Their display name.
    pub name: String,
    /// Who did it.
    pub by: UserId,
    /// Their role after the change.
    pub role: Role,
    /// The event's place in the log.
    #[ts(type = "number")]
    pub seq: u64,
    /// When.
    pub at: Timestamp,
}

/// Payload of `user:typing` as others hear it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct UserTyping {
    /// Who.
    pub user_id: UserId,
    /// Where.
    pub chat_id: ChatId,
    /// Whether they are.
    pub is_typing: bool,
}

/// Payload of `session:revoked`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[ts(export)]
pub struct SessionRevoked {
    /// `logout`, `revoked`, `password-changed`, `replaced`, `token-reused` or `operator`.
    pub reason: String,
}

/// Payload of `offset:moved`: empty.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[ts(export)]
pub struct OffsetMoved {}
