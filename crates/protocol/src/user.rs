//! Users as clients see them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::ids::UserId;
use crate::time::Timestamp;

/// The account in answers to sign-in and sign-up: exactly these three fields.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[ts(export)]
pub struct Account {
    /// Identity of the account.
    pub id: UserId,
    /// The address it signs in with.
    pub email: String,
    /// Display name, never blank.
    pub name: String,
}

/// A row of `users:list`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct Person {
    /// Identity of the account.
    pub id: UserId,
    /// The address it signs in with.
    pub email: String,
    /// Display name, never blank.
    pub name: String,
    /// Whether any connection of theirs is live, on any node.
    pub is_online: bool,
}

/// A row of `GET /api/users`.
#[derive(Clone, Debug, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct UserRow {
    /// The public account.
    #[serde(flatten)]
    pub person: Person,
    /// When the account was made.
    pub created_at: Timestamp,
    /// Presence, in the shape of the contract.
    pub status: UserRowStatus,
}

/// Presence inside [`UserRow`].
#[derive(Clone, Debug, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct UserRowStatus {
    /// Given for users seen before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_id: Option<UserId>,
    /// Whether any connection is live.
    pub is_online: bool,
    /// When presence last changed; the account's birth if never.
    pub last_seen: Timestamp,
}
