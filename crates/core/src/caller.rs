//! Who is calling.

use zvon_protocol::ids::{SessionId, UserId};
use zvon_protocol::time::Timestamp;

use crate::chat::store::Author;

/// An authenticated caller: a session and its user.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Caller {
    /// The session.
    pub session: SessionId,
    /// Whose.
    pub user: UserId,
}

impl Caller {
    /// The caller as the author of a change at `at`.
    #[must_use]
    pub fn author(self, at: Timestamp) -> Author {
        Author { session: self.session, user: self.user, at }
    }
}
