//! Sessions on PostgreSQL. Who changes several of a user's locks the user first, so such verbs
//! come one after the other; who changes many users' locks them in id order. A method that ends
//! one answers behind the [`barrier`].

use async_trait::async_trait;
use zvon_core::session::store::{End, Ended, Rotation, SessionStore, Use};
use zvon_core::session::{Reason, Session};
use zvon_core::store::StoreResult;
use zvon_protocol::ids::{SessionId, UserId};
use zvon_protocol::time::Timestamp;

use super::line::Tx;
use super::{Postgres, barrier, failed, outbox};
use crate::{row, told};

const BY_ID: &str = "SELECT * FROM sessions WHERE id = $1";
/// Within transactions columns are named: one that is refused for a column more is lost.
const LOCK: &str = "SELECT id, user_id, created_at, seen_at, expires_at, revoked_at, device, \
    address, refresh_nonce, refresh_number FROM sessions WHERE id = $1 FOR NO KEY UPDATE";
const LOCK_USER: &str = "SELECT 1 FROM users WHERE id = $1 FOR NO KEY UPDATE";
const CREATE: &str = "INSERT INTO sessions (id, user_id, created_at, seen_at, expires_at, \
    revoked_at, device, address, refresh_nonce, refresh_number) \
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (id) DO NOTHING";
/// Those beyond so many, the newest being kept.
const END_OLDEST: &str = "UPDATE sessions SET revoked_at = $1, reason = $5 WHERE id IN \
    (SELECT id FROM sessions WHERE user_id = $2 AND revoked_at IS NULL AND expires_at > $1 \
    ORDER BY id = $3 DESC, created_at DESC, id DESC OFFSET $4) AND revoked_at IS NULL RETURNING id";
const LIVE: &str = "SELECT * FROM sessions WHERE user_id = $1 AND revoked_at IS NULL \
    AND expires_at > $2 ORDER BY seen_at DESC, id";
const USE: &str = "WITH u AS MATERIALIZED (SELECT s.id, n.seen, n.expires FROM \
    (SELECT id, max(seen) AS seen, max(expires) AS expires \
    FROM unnest($1::uuid[], $2::bigint[], $3::bigint[]) n (id, seen, expires) GROUP BY id) n \
    JOIN sessions s ON s.id = n.id ORDER BY s.id FOR NO KEY UPDATE OF s) \
    UPDATE sessions s SET seen_at = greatest(s.seen_at, u.seen), \
    expires_at = greatest(s.expires_at, u.expires) FROM u \
    WHERE s.id = u.id AND s.revoked_at IS NULL AND s.expires_at > u.seen";
const ROTATE: &str = "UPDATE sessions SET refresh_number = refresh_number + 1, \
    seen_at = greatest(seen_at, $2), expires_at = greatest(expires_at, $3) WHERE id = $1 \
    RETURNING id, user_id, created_at, seen_at, expires_at, revoked_at, device, address, \
    refresh_nonce, refresh_number";
const REVOKE: &str = "UPDATE sessions SET revoked_at = $1, reason = $2 WHERE id = $3 \
    AND revoked_at IS NULL RETURNING user_id AS id";
const REVOKE_ALL: &str = "WITH e AS MATERIALIZED (SELECT id FROM sessions WHERE user_id = $2 \
    AND revoked_at IS NULL AND expires_at > $1 AND id IS DISTINCT FROM $3 \
    ORDER BY id FOR NO KEY UPDATE) UPDATE sessions s SET revoked_at = $1, reason = $4 FROM e \
    WHERE s.id = e.id AND s.revoked_at IS NULL RETURNING s.id";
const ENDS: &str = "SELECT id, user_id, reason FROM sessions WHERE revoked_at >= $1";
const PURGE: &str = "DELETE FROM sessions WHERE id IN \
    (SELECT id FROM sessions WHERE expires_at < $1 LIMIT 1000)";

#[async_trait]
impl SessionStore for Postgres {
    async fn create_session(&self, session: &Session, most: u32) -> StoreResult<Vec<SessionId>> {
        let mut tx = self.rest.begin().await?;
        lock_user(&mut tx, session.user).await?;
        let made = insert(&mut tx, session).await?;
        let end = sqlx::query(END_OLDEST)
            .bind(session.created_at.0)
            .bind(session.user.0)
            .bind(session.id.0)
            .bind(i64::from(most.max(1)))
            .bind(Reason::Replaced.word());
        let ended = tx.rows(end).await.map_err(failed)?;
        let ended = row::all(&ended, row::session_id).map_err(failed)?;
        let begun = made.then(|| told::started(session));
        let ends = told::ended(session.user, &ended, Reason::Replaced);
        let events: Vec<_> = begun.into_iter().chain(ends).collect();
        outbox::tell(&mut tx, session.created_at, &events).await?;
        tx.commit().await?;
        if !ended.is_empty() {
            barrier::wait(&self.rest).await?;
        }
        Ok(ended)
    }

    async fn session(&self, id: SessionId) -> StoreResult<Option<Session>> {
        let found = self.read.optional(sqlx::query(BY_ID).bind(id.0)).await.map_err(failed)?;
        found.as_ref().map(row::session).transpose().map_err(failed)
    }

    async fn sessions_of(&self, user: UserId, now: Timestamp) -> StoreResult<Vec<Session>> {
        let live = sqlx::query(LIVE).bind(user.0).bind(now.0);
        row::all(&self.read.rows(live).await.map_err(failed)?, row::session).map_err(failed)
    }

    async fn use_sessions(&self, uses: &[Use]) -> StoreResult<()> {
        let ids: Vec<_> = uses.iter().map(|used| used.session.0).collect();
        let seen: Vec<_> = uses.iter().map(|used| used.seen_at.0).collect();
        let expires: Vec<_> = uses.iter().map(|used| used.expires_at.0).collect();
        let set = sqlx::query(USE).bind(ids).bind(seen).bind(expires);
        self.rest.execute(set).await.map(drop).map_err(failed)
    }

    async fn rotate_session(&self, used: Use, number: u32) -> StoreResult<Rotation> {
        let mut tx = self.rest.begin().await?;
        let rotation = rotate(&mut tx, used, number).await?;
        tx.commit().await?;
        if let Rotation::Reused(_) = rotation {
            barrier::wait(&self.rest).await?;
        }
        Ok(rotation)
    }

    async fn revoke_session(&self, id: SessionId, end: End) -> StoreResult<bool> {
        let mut tx = self.rest.begin().await?;
        let ended = revoke(&mut tx, id, end).await?;
        tx.commit().await?;
        barrier::wait(&self.rest).await?;
        Ok(ended)
    }

    async fn revoke_sessions(
        &self,
        user: UserId,
        except: Option<SessionId>,
        end: End,
    ) -> StoreResult<Vec<SessionId>> {
        let mut tx = self.rest.begin().await?;
        lock_user(&mut tx, user).await?;
        let ended = revoke_all(&mut tx, user, except, end).await?;
        let events: Vec<_> = told::ended(user, &ended, end.reason).collect();
        outbox::tell(&mut tx, end.at, &events).await?;
        tx.commit().await?;
        barrier::wait(&self.rest).await?;
        Ok(ended)
    }

    async fn revoked_since(&self, since: Timestamp) -> StoreResult<Vec<Ended>> {
        let rows = self.read.rows(sqlx::query(ENDS).bind(since.0)).await.map_err(failed)?;
        row::all(&rows, row::ended).map_err(failed)
    }

    async fn purge_sessions(&self, before: Timestamp) -> StoreResult<u64> {
        super::in_portions(|| self.rest.execute(sqlx::query(PURGE).bind(before.0))).await
    }
}

/// The lock of everything that concerns a user's sessions together.
pub(super) async fn lock_user(tx: &mut Tx, user: UserId) -> StoreResult<()> {
    tx.rows(sqlx::query(LOCK_USER).bind(user.0)).await.map(drop).map_err(failed)
}

/// Ends one, and tells of it; whether it was not ended before.
async fn revoke(tx: &mut Tx, id: SessionId, end: End) -> StoreResult<bool> {
    let revoke = sqlx::query(REVOKE).bind(end.at.0).bind(end.reason.word()).bind(id.0);
    let Some(owner) = tx.optional(revoke).await.map_err(failed)? else { return Ok(false) };
    let owner = UserId(row::id(&owner, "id").map_err(failed)?);
    let events: Vec<_> = told::ended(owner, &[id], end.reason).collect();
    outbox::tell(tx, end.at, &events).await?;
    Ok(true)
}

/// Ends a user's live sessions but one, under the user's lock, in a transaction that tells of it;
/// those that ended.
pub(super) async fn revoke_all(
    tx: &mut Tx,
    user: UserId,
    except: Option<SessionId>,
    end: End,
) -> StoreResult<Vec<SessionId>> {
    let revoke = sqlx::query(REVOKE_ALL).bind(end.at.0).bind(user.0).bind(except.map(|id| id.0));
    let ended = tx.rows(revoke.bind(end.reason.word())).await.map_err(failed)?;
    row::all(&ended, row::session_id).map_err(failed)
}

/// Whether it was not there yet.
async fn insert(tx: &mut Tx, session: &Session) -> StoreResult<bool> {
    let create = sqlx::query(CREATE)
        .bind(session.id.0)
        .bind(session.user.0)
        .bind(session.created_at.0)
        .bind(session.seen_at.0)
        .bind(session.expires_at.0)
        .bind(session.revoked_at.map(|at| at.0))
        .bind(&session.device)
        .bind(&session.address)
        .bind(session.refresh.map(|refresh| refresh.nonce))
        .bind(session.refresh.map(|refresh| i64::from(refresh.number)));
    Ok(tx.execute(create).await.map_err(failed)? == 1)
}

async fn rotate(tx: &mut Tx, used: Use, number: u32) -> StoreResult<Rotation> {
    let id = used.session.0;
    let found = tx.optional(sqlx::query(LOCK).bind(id)).await.map_err(failed)?;
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
    let rotated = tx.one(rotate).await.map_err(failed)?;
    row::session(&rotated).map(Rotation::Rotated).map_err(failed)
}
