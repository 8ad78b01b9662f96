//! Accounts: who can sign in, and how they are called.

mod change_password;
mod guess;
pub mod operator;
mod operators;
pub mod password;
pub mod people;
mod rules;
pub mod sign_in;
pub mod store;

use serde::{Deserialize, Serialize};
use zvon_protocol::ids::UserId;
use zvon_protocol::time::Timestamp;

/// An account without its secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// Identity.
    pub id: UserId,
    /// The address it signs in with, as given.
    pub email: String,
    /// Display name, never blank.
    pub name: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last online, if it ever was.
    pub last_seen: Option<Timestamp>,
    /// Since when it may not be used, if an operator said so.
    pub disabled_at: Option<Timestamp>,
}
