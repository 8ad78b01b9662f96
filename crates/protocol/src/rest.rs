//! Bodies of the HTTP routes.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::ids::{ChatId, SessionId, UserId};
use crate::message::Message;
use crate::time::Timestamp;
use crate::user::Account;

/// `POST /auth/register`.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
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
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
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
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
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
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct RefreshTokens {
    /// The last one that the client was given. One that comes twice ends the session.
    pub refresh_token: String,
}

/// `POST /auth/password`.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct ChangePassword {
    /// The present one.
    pub current_password: String,
    /// The one to be.
    pub new_password: String,
}

/// One of the caller's sessions, in `GET /auth/sessions`.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
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
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct CreateChat {
    /// The other user.
    pub user_id: UserId,
}

/// `POST /chats/:chatId/messages`.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct PostMessage {
    /// The text.
    pub content: String,
    /// The sender's own key, as in [`crate::command::MessageSend`].
    #[serde(default)]
    pub client_id: Option<String>,
}

/// A chat as the REST routes give it.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
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
