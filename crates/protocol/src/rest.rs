//! Bodies of the HTTP routes.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::chat::Retention;
use crate::error::{Code, OkTag};
use crate::ids::{ChatId, SessionId, UserId};
use crate::message::Message;
use crate::time::Timestamp;
use crate::user::Account;

/// `POST /auth/register`.
#[derive(Clone, Debug, Serialize, Deserialize, TS, JsonSchema)]
#[ts(export)]
pub struct Register {
    /// The address to sign in with.
    pub email: String,
    /// At least eight characters (configurable).
    pub password: String,
    /// Display name, not blank.
    pub name: String,
    /// Whether the client wants short access tokens and a refresh token.
    #[serde(default)]
    #[ts(optional = nullable)]
    pub refresh: bool,
}

/// `POST /auth/login`.
#[derive(Clone, Debug, Serialize, Deserialize, TS, JsonSchema)]
#[ts(export)]
pub struct Login {
    /// The address.
    pub email: String,
    /// The password.
    pub password: String,
    /// Whether the client wants short access tokens and a refresh token.
    #[serde(default)]
    #[ts(optional = nullable)]
    pub refresh: bool,
}

/// 201 of both.
#[derive(Clone, Debug, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct SignedIn {
    /// A JWT, bound to a session.
    pub access_token: String,
    /// Gets the next access token, once; for clients that asked for it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[ts(optional)]
    pub refresh_token: Option<String>,
    /// Who signed in.
    pub user: Account,
}

/// `POST /auth/refresh`; it answers [`SignedIn`].
#[derive(Clone, Debug, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct RefreshTokens {
    /// The last one that the client was given. One that comes twice ends the session.
    pub refresh_token: String,
}

/// `POST /auth/password`.
#[derive(Clone, Debug, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct ChangePassword {
    /// The present one.
    pub current_password: String,
    /// The one to be.
    pub new_password: String,
}

/// One of the caller's sessions, in `GET /auth/sessions`.
#[derive(Clone, Debug, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct SessionView {
    /// Identity, for ending it.
    pub id: SessionId,
    /// The user agent it began with; may be empty.
    pub device: String,
    /// The address it began from.
    pub address: String,
    /// When it began.
    pub created_at: Timestamp,
    /// When it was last used.
    pub last_seen_at: Timestamp,
    /// When it ends by itself if it is not used before.
    pub expires_at: Timestamp,
    /// Whether it is the one that asks.
    pub is_current: bool,
}

/// `POST /chats`.
#[derive(Clone, Debug, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CreateChat {
    /// The other user.
    pub user_id: UserId,
}

/// `POST /chats/:chatId/messages`.
#[derive(Clone, Debug, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PostMessage {
    /// The text.
    pub content: String,
    /// The sender's own key, as in [`crate::command::MessageSend`].
    #[serde(default)]
    pub client_id: Option<String>,
}

/// A chat as the REST routes give it.
#[derive(Clone, Debug, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Chat {
    /// Identity of the chat.
    pub id: ChatId,
    /// Ids of the current members.
    pub participants: Vec<UserId>,
    /// Its newest messages, ascending.
    pub messages: Vec<Message>,
    /// When it was created.
    pub created_at: Timestamp,
    /// When its log last grew.
    pub updated_at: Timestamp,
}

/// The body of every HTTP error.
#[derive(Clone, Debug, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Envelope {
    /// The status again.
    pub status_code: u16,
    /// When.
    pub timestamp: Timestamp,
    /// What was asked for, with its query.
    pub path: String,
    /// How.
    pub method: String,
    /// A sentence for people.
    pub message: String,
    /// The status's reason phrase; not given by the guard of tokens and by limits.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub error: Option<String>,
    /// A word for programs, where there is one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub code: Option<Code>,
    /// How long to wait, if waiting helps; in seconds it is `Retry-After`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub retry_after_ms: Option<u64>,
}

/// `POST /chats/:chatId/retention`.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SetRetention {
    /// Messages older than this go: milliseconds, a minute at least; 0: none does for its age;
    /// `null`, or not given: as the server says.
    pub max_age_ms: Option<u64>,
    /// The newest so many stay; 0: all; `null`, or not given: as the server says.
    pub max_count: Option<u64>,
}

/// `GET` and `POST /chats/:chatId/retention`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[ts(export)]
pub struct RetentionView {
    /// What the chat's admins said.
    pub own: Retention,
    /// What holds, by that and by the server's settings: `null` is no bound.
    pub effective: Retention,
}

/// `GET /health/liveness`.
#[derive(Clone, Debug, Serialize, Deserialize, TS, JsonSchema)]
pub struct Alive {
    /// Always `"ok"`.
    pub status: OkTag,
    /// The server's clock.
    pub timestamp: Timestamp,
}

/// `GET /health`, `GET /health/readiness`. With 503 it is merged into the [`Envelope`].
#[derive(Clone, Debug, Serialize, Deserialize, TS, JsonSchema)]
pub struct Health {
    /// `"ok"`, or with 503 `"error"`.
    pub status: HealthStatus,
    /// The checks that are up.
    pub info: BTreeMap<String, Check>,
    /// Those that are not.
    pub error: BTreeMap<String, Check>,
    /// All of them.
    pub details: BTreeMap<String, Check>,
    /// How events get on to the event log, if there is one. It decides nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub events: Option<EventsHealth>,
}

/// Inside [`Health`]: this node's part in bringing events to the event log.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS, JsonSchema)]
pub struct EventsHealth {
    /// Whether it is this node that brings them: one of a cluster does.
    pub works: bool,
    /// How many rows of the outbox waited lately, as far as this node knows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub rows: Option<u64>,
    /// How old the oldest of them is, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub seconds: Option<f64>,
    /// Why they wait, if the event log is away.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub error: Option<String>,
}

/// Inside [`Health`].
#[derive(Clone, Copy, Debug, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum HealthStatus {
    /// Everything is up.
    Ok,
    /// Something is not.
    Error,
}

/// One part's health.
#[derive(Clone, Debug, Serialize, Deserialize, TS, JsonSchema)]
#[serde(tag = "status", rename_all = "lowercase")]
pub enum Check {
    /// It works.
    Up,
    /// It does not.
    Down {
        /// Why.
        message: String,
    },
}
