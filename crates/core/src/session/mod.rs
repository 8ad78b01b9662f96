//! Sessions: authenticated logins that the server controls.
//!
//! `begin` makes one at a sign-in, `refresh` carries it on with a rotating token, `live` keeps it
//! alive while it is used, `end` ends it: by its owner, from another device, or because something
//! is wrong; `ends` hears of those that another process ended; `known` spares the store the same
//! question twice. A session that is not used for its whole life is over by itself.

mod begin;
mod end;
pub(crate) mod ends;
pub(crate) mod known;
pub(crate) mod live;
pub mod refresh;
pub mod store;

use serde::{Deserialize, Serialize};
use uuid::Uuid;
use zvon_protocol::ids::{SessionId, UserId};
use zvon_protocol::time::Timestamp;

pub use begin::Claim;

/// One login.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Identity; `sid` in its tokens.
    pub id: SessionId,
    /// Whose.
    pub user: UserId,
    /// When it began.
    pub created_at: Timestamp,
    /// When it was last used; a while behind while it is in use.
    pub seen_at: Timestamp,
    /// When it ends by itself if it is not used before.
    pub expires_at: Timestamp,
    /// When it was ended, if it was.
    pub revoked_at: Option<Timestamp>,
    /// The user agent it came with, cut to 256 characters.
    pub device: String,
    /// The address it came from.
    pub address: String,
    /// Its place in the chain of refresh tokens, if it has one.
    pub refresh: Option<Refresh>,
}

/// What the store keeps of a session's refresh tokens: none of them can be made from it alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refresh {
    /// Random, made with the session.
    pub nonce: Uuid,
    /// The number of the one token that is good.
    pub number: u32,
}

impl Session {
    /// Whether it may still be used at `now`.
    #[must_use]
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.revoked_at.is_none() && self.expires_at > now
    }
}

/// Why a session was ended, as its sockets hear it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reason {
    /// Its owner signed out.
    Logout,
    /// Its owner ended it from another device.
    Revoked,
    /// The password was changed elsewhere.
    PasswordChanged,
    /// The owner has as many sessions as there may be, and began another.
    Replaced,
    /// An old refresh token came back: somebody has a copy.
    TokenReused,
    /// An operator ended it.
    Operator,
}

impl Reason {
    const ALL: [Self; 6] = [
        Self::Logout,
        Self::Revoked,
        Self::PasswordChanged,
        Self::Replaced,
        Self::TokenReused,
        Self::Operator,
    ];

    /// The reason of that word.
    #[must_use]
    pub fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.word() == word)
    }

    /// The word on the wire.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Logout => "logout",
            Self::Revoked => "revoked",
            Self::PasswordChanged => "password-changed",
            Self::Replaced => "replaced",
            Self::TokenReused => "token-reused",
            Self::Operator => "operator",
        }
    }
}
