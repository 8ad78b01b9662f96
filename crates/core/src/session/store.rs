//! Sessions, durable.

use async_trait::async_trait;
use zvon_protocol::ids::SessionId;
use zvon_protocol::time::Timestamp;

use super::Session;
use crate::store::StoreResult;

/// Sessions, durable. From the return of `revoke_session` on no write of that session commits.
#[async_trait]
pub trait SessionStore: Send + Sync {
    /// Stores it.
    async fn create_session(&self, session: &Session) -> StoreResult<()>;

    /// The session, live or not.
    async fn session(&self, id: SessionId) -> StoreResult<Option<Session>>;

    /// Ends it; `false` if it was ended before or never was.
    async fn revoke_session(&self, id: SessionId, at: Timestamp) -> StoreResult<bool>;

    /// Forgets those that ended before `before`.
    async fn purge_sessions(&self, before: Timestamp) -> StoreResult<u64>;
}
