//! What leaves for other systems: the topics of the event log, their envelope and payloads.
//!
//! Topics, envelope and fields are those that the existing consumers read; fields of our own
//! (`seq`, the account events) are added, none is renamed. Instants inside `data` are ISO strings,
//! the envelope's is a number of milliseconds. Message texts leave in clear.
//!
//! Records of one key stand in the log in the order of what they tell, and come at least once: a
//! record that comes again has the same `eventId`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::chat::{ChatKind, Retention, Role};
use crate::ids::{ChatId, MessageId, SessionId, UserId};
use crate::time::Timestamp;

/// The version of the envelope.
pub const VERSION: &str = "1.0.0";

/// Every topic that has a source.
pub const TOPICS: [&str; 17] = [
    "message.created",
    "message.forwarded",
    "message.read",
    "message.pinned",
    "message.unpinned",
    "message.deleted",
    "chat.created",
    "chat.updated",
    "user.joined.chat",
    "user.left.chat",
    "user.online",
    "user.offline",
    "analytics.message",
    "analytics.user.activity",
    "audit.log",
    "session.started",
    "session.ended",
];

/// One record as it stands in a topic.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Envelope {
    /// Stable over repetitions: the milliseconds of the event, `-`, and 13 characters of base 36.
    pub event_id: String,
    /// When it happened, in milliseconds since the Unix epoch.
    pub timestamp: i64,
    /// [`VERSION`].
    pub version: String,
    /// Its place in the chat's log, if it stands in one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seq: Option<u64>,
    /// `eventType`, which is the topic, and `data`.
    #[serde(flatten)]
    pub payload: Payload,
}

/// What a record tells, by topic.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "eventType", content = "data", rename_all_fields = "camelCase")]
#[expect(missing_docs, reason = "the fields are those of the existing consumers")]
pub enum Payload {
    /// A message was sent, or forwarded in.
    #[serde(rename = "message.created")]
    MessageCreated {
        message_id: MessageId,
        chat_id: ChatId,
        sender_id: UserId,
        content: String,
        created_at: Timestamp,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        metadata: Option<Value>,
    },
    /// A message was forwarded.
    #[serde(rename = "message.forwarded")]
    MessageForwarded {
        original_message_id: MessageId,
        new_message_id: MessageId,
        /// `null` when the original is not known any more.
        from_chat_id: Option<ChatId>,
        to_chat_id: ChatId,
        forwarded_by: UserId,
        forwarded_at: Timestamp,
    },
    /// A message was read by somebody else than its sender.
    #[serde(rename = "message.read")]
    MessageRead { message_id: MessageId, chat_id: ChatId, read_by: UserId, read_at: Timestamp },
    /// A message was pinned.
    #[serde(rename = "message.pinned")]
    MessagePinned {
        message_id: MessageId,
        chat_id: ChatId,
        pinned_by: UserId,
        pinned_at: Timestamp,
    },
    /// A message was unpinned.
    #[serde(rename = "message.unpinned")]
    MessageUnpinned {
        message_id: MessageId,
        chat_id: ChatId,
        unpinned_by: UserId,
        unpinned_at: Timestamp,
    },
    /// A message's text was dropped by a chat's retention.
    #[serde(rename = "message.deleted")]
    MessageDeleted {
        message_id: MessageId,
        chat_id: ChatId,
        deleted_by: Option<UserId>,
        deleted_at: Timestamp,
        soft: bool,
    },
    /// A chat was created.
    #[serde(rename = "chat.created")]
    ChatCreated {
        chat_id: ChatId,
        #[serde(rename = "type")]
        kind: ChatKind,
        created_by: UserId,
        participants: Vec<UserId>,
        created_at: Timestamp,
    },
    /// A chat's title or a member's role changed.
    #[serde(rename = "chat.updated")]
    ChatUpdated { chat_id: ChatId, updated_by: UserId, changes: Changes, updated_at: Timestamp },
    /// Somebody became a member after the chat's creation.
    #[serde(rename = "user.joined.chat")]
    UserJoinedChat {
        chat_id: ChatId,
        user_id: UserId,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        added_by: Option<UserId>,
        joined_at: Timestamp,
    },
    /// Somebody is no member any more.
    #[serde(rename = "user.left.chat")]
    UserLeftChat {
        chat_id: ChatId,
        user_id: UserId,
        left_at: Timestamp,
        reason: Left,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        removed_by: Option<UserId>,
    },
    /// A connection of a user's began.
    #[serde(rename = "user.online")]
    UserOnline {
        user_id: UserId,
        socket_id: String,
        connected_at: Timestamp,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ip: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        user_agent: Option<String>,
    },
    /// A connection of a user's ended, whether or not others remain.
    #[serde(rename = "user.offline")]
    UserOffline {
        user_id: UserId,
        socket_id: String,
        disconnected_at: Timestamp,
        /// In milliseconds.
        session_duration: u64,
    },
    /// A message, for counting.
    #[serde(rename = "analytics.message")]
    AnalyticsMessage {
        message_id: MessageId,
        chat_id: ChatId,
        sender_id: UserId,
        /// In UTF-16 units, as the existing producer counts.
        message_length: usize,
        has_media: bool,
        timestamp: Timestamp,
    },
    /// Something a user did, for counting.
    #[serde(rename = "analytics.user.activity")]
    AnalyticsUserActivity {
        user_id: UserId,
        activity_type: Activity,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        chat_id: Option<ChatId>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        metadata: Option<Value>,
        timestamp: Timestamp,
    },
    /// Something that whoever answers for the system may have to know.
    #[serde(rename = "audit.log")]
    AuditLog {
        /// Whose account it concerns.
        user_id: UserId,
        /// `noun.participle`: `session.started`, `session.ended`, `password.changed` …
        action: String,
        /// `account`, `session` or `chat`.
        resource: String,
        resource_id: String,
        result: Outcome,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ip: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        user_agent: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        details: Option<Value>,
        timestamp: Timestamp,
    },
    /// A session began.
    #[serde(rename = "session.started")]
    SessionStarted {
        user_id: UserId,
        session_id: SessionId,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ip: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        user_agent: Option<String>,
        started_at: Timestamp,
    },
    /// A session was ended before its time.
    #[serde(rename = "session.ended")]
    SessionEnded { user_id: UserId, session_id: SessionId, reason: String, ended_at: Timestamp },
}

impl Payload {
    /// The topic it stands in: its `eventType`.
    #[must_use]
    pub const fn topic(&self) -> &'static str {
        match self {
            Self::MessageCreated { .. } => "message.created",
            Self::MessageForwarded { .. } => "message.forwarded",
            Self::MessageRead { .. } => "message.read",
            Self::MessagePinned { .. } => "message.pinned",
            Self::MessageUnpinned { .. } => "message.unpinned",
            Self::MessageDeleted { .. } => "message.deleted",
            Self::ChatCreated { .. } => "chat.created",
            Self::ChatUpdated { .. } => "chat.updated",
            Self::UserJoinedChat { .. } => "user.joined.chat",
            Self::UserLeftChat { .. } => "user.left.chat",
            Self::UserOnline { .. } => "user.online",
            Self::UserOffline { .. } => "user.offline",
            Self::AnalyticsMessage { .. } => "analytics.message",
            Self::AnalyticsUserActivity { .. } => "analytics.user.activity",
            Self::AuditLog { .. } => "audit.log",
            Self::SessionStarted { .. } => "session.started",
            Self::SessionEnded { .. } => "session.ended",
        }
    }
}

/// What changed in a chat.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Changes {
    /// Its new title.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Whose role is another one now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub member: Option<UserId>,
    /// That role.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
    /// How long it keeps its messages now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retention: Option<Retention>,
}

/// How a membership ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Left {
    /// By the member.
    Left,
    /// By an admin.
    Removed,
}

/// What a user did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Activity {
    /// A connection began.
    Login,
    /// A connection ended; `metadata.sessionDuration` says after how many milliseconds.
    Logout,
    /// A message was sent.
    MessageSent,
    /// A message was read.
    MessageRead,
    /// A chat was created.
    ChatCreated,
}

/// How an audited act ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// It was done.
    Success,
    /// It was refused.
    Failure,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Payload, TOPICS};

    #[test]
    fn a_payloads_topic_is_its_event_type() {
        let ids = json!({ "userId": uuid::Uuid::nil(), "sessionId": uuid::Uuid::nil() });
        let mut data = ids;
        data["reason"] = json!("signed out");
        data["endedAt"] = json!("2025-11-05T10:00:00.000Z");
        let told = json!({ "eventType": "session.ended", "data": data });
        let payload: Payload = serde_json::from_value(told.clone()).unwrap();
        assert_eq!(payload.topic(), "session.ended");
        assert_eq!(serde_json::to_value(&payload).unwrap(), told);
        assert!(TOPICS.contains(&payload.topic()));
    }
}
