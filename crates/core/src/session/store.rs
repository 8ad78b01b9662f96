//! Sessions, durable.

use async_trait::async_trait;
use zvon_protocol::ids::{SessionId, UserId};
use zvon_protocol::time::Timestamp;

use super::{Reason, Session};
use crate::store::StoreResult;

/// A session was in use: how long, and until when it now lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Use {
    /// Which.
    pub session: SessionId,
    /// When it was last used.
    pub seen_at: Timestamp,
    /// When it ends by itself.
    pub expires_at: Timestamp,
}

/// When and why sessions end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct End {
    /// When.
    pub at: Timestamp,
    /// Why, as their sockets hear it.
    pub reason: Reason,
}

/// A session that was ended before its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ended {
    /// Which.
    pub session: SessionId,
    /// Whose.
    pub user: UserId,
    /// Why.
    pub reason: Reason,
}

/// What became of a refresh token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rotation {
    /// It was the good one; the next number is good from here on.
    Rotated(Session),
    /// It was used before: the session is ended.
    Reused(Session),
    /// The session is over, has no refresh tokens, or never was.
    Over,
}

/// Sessions, durable. From the return of a method that ends a session on, no write of that
/// session commits. Ends are final.
#[async_trait]
pub trait SessionStore: Send + Sync {
    /// Stores it; its owner's oldest live ones beyond `most` (it included) end. Those that ended.
    /// A session of that id that is there already is left as it is.
    async fn create_session(&self, session: &Session, most: u32) -> StoreResult<Vec<SessionId>>;

    /// The session, live or not.
    async fn session(&self, id: SessionId) -> StoreResult<Option<Session>>;

    /// The user's sessions that are live at `now`, last used first.
    async fn sessions_of(&self, user: UserId, now: Timestamp) -> StoreResult<Vec<Session>>;

    /// Records that live sessions were used; neither time moves backwards.
    async fn use_sessions(&self, uses: &[Use]) -> StoreResult<()>;

    /// Takes the refresh token of that number: moves on to the next if it is the good one, ends
    /// the session if it was used before.
    async fn rotate_session(&self, used: Use, number: u32) -> StoreResult<Rotation>;

    /// Ends it; `false` if it was ended before or never was.
    async fn revoke_session(&self, id: SessionId, end: End) -> StoreResult<bool>;

    /// Ends the user's sessions but `except`; those that ended now.
    async fn revoke_sessions(
        &self,
        user: UserId,
        except: Option<SessionId>,
        end: End,
    ) -> StoreResult<Vec<SessionId>>;

    /// Those that were ended at `since` or later, by whichever process.
    async fn revoked_since(&self, since: Timestamp) -> StoreResult<Vec<Ended>>;

    /// Forgets those that would have ended by themselves before `before`.
    async fn purge_sessions(&self, before: Timestamp) -> StoreResult<u64>;
}
