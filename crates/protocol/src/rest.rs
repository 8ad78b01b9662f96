//! Bodies of the HTTP routes.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::ids::{ChatId, UserId};
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
}

/// `POST /auth/login`.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Login {
    /// The address.
    pub email: String,
    /// The password.
    pub password: String,
}

/// 201 of both.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct SignedIn {
    /// A JWT, bound to a session.
    pub access_token: String,
    /// Who signed in.
    pub user: Account,
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
