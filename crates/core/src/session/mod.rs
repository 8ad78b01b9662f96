//! Sessions: authenticated logins that the server controls.

pub mod store;

use zvon_protocol::ids::{SessionId, UserId};
use zvon_protocol::time::Timestamp;

/// One login.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Identity; `sid` in its tokens.
    pub id: SessionId,
    /// Whose.
    pub user: UserId,
    /// When it began.
    pub created_at: Timestamp,
    /// When it ends by itself.
    pub expires_at: Timestamp,
    /// When it was ended, if it was.
    pub revoked_at: Option<Timestamp>,
    /// The user agent it came with, cut to 256 bytes.
    pub device: String,
    /// The address it came from.
    pub address: String,
}

impl Session {
    /// Whether it may still be used at `now`.
    #[must_use]
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.revoked_at.is_none() && self.expires_at > now
    }
}
