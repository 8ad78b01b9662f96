//! Sessions on SQLite. Writes are serial, so a revocation is a barrier by itself: what was
//! checked before it has committed before it.

use async_trait::async_trait;
use zvon_core::session::Session;
use zvon_core::session::store::SessionStore;
use zvon_core::store::StoreResult;
use zvon_protocol::ids::SessionId;
use zvon_protocol::time::Timestamp;

use super::{Sqlite, failed, row};

const CREATE: &str = "INSERT INTO sessions (id, user_id, created_at, expires_at, revoked_at, \
    device, address) VALUES (?, ?, ?, ?, ?, ?, ?)";
const REVOKE: &str = "UPDATE sessions SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL";
const PURGE: &str = "DELETE FROM sessions WHERE id IN \
    (SELECT id FROM sessions WHERE expires_at < ?1 OR revoked_at < ?1 LIMIT 1000)";

#[async_trait]
impl SessionStore for Sqlite {
    async fn create_session(&self, session: &Session) -> StoreResult<()> {
        sqlx::query(CREATE)
            .bind(session.id.0)
            .bind(session.user.0)
            .bind(session.created_at.0)
            .bind(session.expires_at.0)
            .bind(session.revoked_at.map(|at| at.0))
            .bind(&session.device)
            .bind(&session.address)
            .execute(&self.writer)
            .await
            .map_err(failed)?;
        Ok(())
    }

    async fn session(&self, id: SessionId) -> StoreResult<Option<Session>> {
        let found = sqlx::query("SELECT * FROM sessions WHERE id = ?").bind(id.0);
        let found = found.fetch_optional(&self.readers).await.map_err(failed)?;
        found.as_ref().map(row::session).transpose().map_err(failed)
    }

    async fn revoke_session(&self, id: SessionId, at: Timestamp) -> StoreResult<bool> {
        let revoke = sqlx::query(REVOKE).bind(at.0).bind(id.0);
        let done = revoke.execute(&self.writer).await.map_err(failed)?;
        Ok(done.rows_affected() == 1)
    }

    async fn purge_sessions(&self, before: Timestamp) -> StoreResult<u64> {
        super::in_portions(|| sqlx::query(PURGE).bind(before.0).execute(&self.writer)).await
    }
}
