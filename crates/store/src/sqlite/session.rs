//! Sessions on SQLite. Writes are serial, so a revocation is a barrier by itself: what was
//! checked before it has committed before it.

use async_trait::async_trait;
use zvon_core::session::store::{End, Ended, Rotation, SessionStore, Use};
use zvon_core::session::{Reason, Session};
use zvon_core::store::StoreResult;
use zvon_protocol::ids::{SessionId, UserId};
use zvon_protocol::time::Timestamp;

use super::log::Tx;
use super::writer::Pace;
use super::{Sqlite, failed, outbox};
use crate::{row, told};

const BY_ID: &str = "SELECT * FROM sessions WHERE id = ?";
const CREATE: &str = "INSERT INTO sessions (id, user_id, created_at, seen_at, expires_at, \
    revoked_at, device, address, refresh_nonce, refresh_number) \
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING";
/// Those beyond so many, the newest being kept.
const END_OLDEST: &str = "UPDATE sessions SET revoked_at = ?1, reason = ?5 WHERE id IN \
    (SELECT id FROM sessions WHERE user_id = ?2 AND revoked_at IS NULL AND expires_at > ?1 \
    ORDER BY id = ?3 DESC, created_at DESC, id DESC LIMIT -1 OFFSET ?4) RETURNING id";
const LIVE: &str = "SELECT * FROM sessions WHERE user_id = ? AND revoked_at IS NULL \
    AND expires_at > ? ORDER BY seen_at DESC, id";
const USE: &str = "UPDATE sessions SET seen_at = max(seen_at, j.seen), \
    expires_at = max(expires_at, j.expires) FROM (SELECT unhex(value->>0) AS id, \
    value->>1 AS seen, value->>2 AS expires FROM json_each(?)) j \
    WHERE sessions.id = j.id AND revoked_at IS NULL AND expires_at > j.seen";
const ROTATE: &str = "UPDATE sessions SET refresh_number = refresh_number + 1, \
    seen_at = max(seen_at, ?2), expires_at = max(expires_at, ?3) WHERE id = ?1 RETURNING *";
const REVOKE: &str = "UPDATE sessions SET revoked_at = ?, reason = ? WHERE id = ? \
    AND revoked_at IS NULL RETURNING user_id AS id";
const REVOKE_ALL: &str = "UPDATE sessions SET revoked_at = ?1, reason = ?4 WHERE user_id = ?2 \
    AND revoked_at IS NULL AND expires_at > ?1 AND id IS NOT ?3 RETURNING id";
const ENDS: &str = "SELECT id, user_id, reason FROM sessions WHERE revoked_at >= ?";
const PURGE: &str = "DELETE FROM sessions WHERE id IN \
    (SELECT id FROM sessions WHERE expires_at < ? LIMIT 1000)";

#[async_trait]
impl SessionStore for Sqlite {
    async fn create_session(&self, session: &Session, most: u32) -> StoreResult<Vec<SessionId>> {
        let mut tx = self.begin_patiently().await?;
        let made = sqlx::query(CREATE)
            .bind(session.id.0)
            .bind(session.user.0)
            .bind(session.created_at.0)
            .bind(session.seen_at.0)
            .bind(session.expires_at.0)
            .bind(session.revoked_at.map(|at| at.0))
            .bind(&session.device)
            .bind(&session.address)
            .bind(session.refresh.map(|refresh| refresh.nonce))
            .bind(session.refresh.map(|refresh| refresh.number))
            .execute(&mut *tx)
            .await
            .map_err(failed)?;
        let end = sqlx::query(END_OLDEST)
            .bind(session.created_at.0)
            .bind(session.user.0)
            .bind(session.id.0)
            .bind(most.max(1))
            .bind(Reason::Replaced.word());
        let ended = end.fetch_all(&mut *tx).await.map_err(failed)?;
        let ended = row::all(&ended, row::session_id).map_err(failed)?;
        let begun = (made.rows_affected() == 1).then(|| told::started(session));
        let ends = told::ended(session.user, &ended, Reason::Replaced);
        let events: Vec<_> = begun.into_iter().chain(ends).collect();
        outbox::tell(&mut tx, session.created_at, &events).await?;
        tx.commit().await?;
        Ok(ended)
    }

    async fn session(&self, id: SessionId) -> StoreResult<Option<Session>> {
        let found = sqlx::query(BY_ID).bind(id.0).fetch_optional(&self.readers).await;
        found.map_err(failed)?.as_ref().map(row::session).transpose().map_err(failed)
    }

    async fn sessions_of(&self, user: UserId, now: Timestamp) -> StoreResult<Vec<Session>> {
        let rows = sqlx::query(LIVE).bind(user.0).bind(now.0).fetch_all(&self.readers).await;
        row::all(&rows.map_err(failed)?, row::session).map_err(failed)
    }

    async fn use_sessions(&self, uses: &[Use]) -> StoreResult<()> {
        let uses: Vec<_> = uses
            .iter()
            .map(|used| (used.session.0.simple().to_string(), used.seen_at.0, used.expires_at.0))
            .collect();
        let uses = serde_json::to_string(&uses).unwrap_or_default();
        self.change(Pace::Patient, sqlx::query(USE).bind(uses)).await.map(drop)
    }

    async fn rotate_session(&self, used: Use, number: u32) -> StoreResult<Rotation> {
        let mut tx = self.begin().await?;
        let rotation = rotate(&mut tx, used, number).await?;
        tx.commit().await?;
        Ok(rotation)
    }

    async fn revoke_session(&self, id: SessionId, end: End) -> StoreResult<bool> {
        let mut tx = self.begin().await?;
        let ended = revoke(&mut tx, id, end).await?;
        tx.commit().await?;
        Ok(ended)
    }

    async fn revoke_sessions(
        &self,
        user: UserId,
        except: Option<SessionId>,
        end: End,
    ) -> StoreResult<Vec<SessionId>> {
        let mut tx = self.begin().await?;
        let ended = revoke_all(&mut tx, user, except, end).await?;
        let events: Vec<_> = told::ended(user, &ended, end.reason).collect();
        outbox::tell(&mut tx, end.at, &events).await?;
        tx.commit().await?;
        Ok(ended)
    }

    async fn revoked_since(&self, since: Timestamp) -> StoreResult<Vec<Ended>> {
        let rows = sqlx::query(ENDS).bind(since.0).fetch_all(&self.readers).await;
        row::all(&rows.map_err(failed)?, row::ended).map_err(failed)
    }

    async fn purge_sessions(&self, before: Timestamp) -> StoreResult<u64> {
        super::in_portions(|| self.change(Pace::Patient, sqlx::query(PURGE).bind(before.0))).await
    }
}

/// Ends one, and tells of it; whether it was not ended before.
async fn revoke(tx: &mut Tx, id: SessionId, end: End) -> StoreResult<bool> {
    let revoke = sqlx::query(REVOKE).bind(end.at.0).bind(end.reason.word()).bind(id.0);
    let Some(owner) = revoke.fetch_optional(&mut **tx).await.map_err(failed)? else {
        return Ok(false);
    };
    let owner = UserId(row::id(&owner, "id").map_err(failed)?);
    let events: Vec<_> = told::ended(owner, &[id], end.reason).collect();
    outbox::tell(tx, end.at, &events).await?;
    Ok(true)
}

/// Ends a user's live sessions but one, within a transaction that tells of it; those that ended.
pub(super) async fn revoke_all(
    tx: &mut Tx,
    user: UserId,
    except: Option<SessionId>,
    end: End,
) -> StoreResult<Vec<SessionId>> {
    let revoke = sqlx::query(REVOKE_ALL).bind(end.at.0).bind(user.0).bind(except.map(|id| id.0));
    let revoke = revoke.bind(end.reason.word());
    let ended = revoke.fetch_all(&mut **tx).await.map_err(failed)?;
    row::all(&ended, row::session_id).map_err(failed)
}

async fn rotate(tx: &mut Tx, used: Use, number: u32) -> StoreResult<Rotation> {
    let id = used.session.0;
    let found = sqlx::query(BY_ID).bind(id).fetch_optional(&mut **tx).await.map_err(failed)?;
    let found = found.as_ref().map(row::session).transpose().map_err(failed)?;
    let live = found.filter(|found| found.is_live(used.seen_at));
    let Some((session, refresh)) = live.and_then(|found| found.refresh.map(|at| (found, at)))
    else {
        return Ok(Rotation::Over);
    };
    if refresh.number != number {
        revoke(tx, session.id, End { at: used.seen_at, reason: Reason::TokenReused }).await?;
        return Ok(Rotation::Reused(Session { revoked_at: Some(used.seen_at), ..session }));
    }
    let rotate = sqlx::query(ROTATE).bind(id).bind(used.seen_at.0).bind(used.expires_at.0);
    let rotated = rotate.fetch_one(&mut **tx).await.map_err(failed)?;
    row::session(&rotated).map(Rotation::Rotated).map_err(failed)
}
