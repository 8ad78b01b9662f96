//! Accounts on PostgreSQL. Who ends several sessions of a user locks the user first.

use async_trait::async_trait;
use zvon_core::account::Account;
use zvon_core::account::store::{AccountStore, NewAccount, Proof};
use zvon_core::chat::store::Author;
use zvon_core::outbox::event::AccountKind;
use zvon_core::session::Reason;
use zvon_core::session::store::End;
use zvon_core::store::StoreResult;
use zvon_protocol::ids::{SessionId, UserId};
use zvon_protocol::time::Timestamp;

use super::{Postgres, barrier, failed, log, operator, outbox, session};
use crate::{row, told};

const CREATE: &str = "WITH made AS (INSERT INTO users (id, email, email_folded, name, name_folded, \
        password, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7) \
        ON CONFLICT (email) DO NOTHING RETURNING created_at), \
    told AS (INSERT INTO outbox (at, chats, lows, highs, extra) \
        SELECT created_at, '{}', '{}', '{}', $8 FROM made) \
    SELECT FROM made";
const BY_EMAIL: &str = "SELECT * FROM users WHERE email = $1";
const BY_FOLDED: &str = "SELECT * FROM users WHERE email_folded = $1 LIMIT 2";
const BY_IDS: &str = "SELECT * FROM users WHERE id = ANY ($1)";
const LIST: &str = "SELECT * FROM users ORDER BY name_folded, id LIMIT $1";
const SEARCH: &str = "SELECT * FROM users WHERE (name_folded >= $1 AND name_folded < $2) \
    OR (email_folded >= $1 AND email_folded < $2) ORDER BY name_folded, id LIMIT $3";
const COUNT: &str = "SELECT count(*) AS n FROM (SELECT 1 FROM users LIMIT $1) u";
const SET_PASSWORD: &str = "UPDATE users SET password = $1 WHERE id = $2";
const REHASH: &str = "UPDATE users SET password = $1 WHERE id = $2 AND password = $3";
const DISABLE: &str = "UPDATE users SET disabled_at = $1 WHERE id = $2 AND disabled_at IS NULL";
const ENABLE: &str =
    "UPDATE users SET disabled_at = NULL WHERE id = $1 AND disabled_at IS NOT NULL";
const SEEN: &str = "WITH s AS MATERIALIZED (SELECT u.id, n.at FROM \
    (SELECT id, max(at) AS at FROM unnest($1::uuid[], $2::bigint[]) n (id, at) GROUP BY id) n \
    JOIN users u ON u.id = n.id ORDER BY u.id FOR NO KEY UPDATE OF u) \
    UPDATE users SET last_seen = greatest(last_seen, s.at) FROM s WHERE users.id = s.id";

/// The one character that the database's text can not hold: nothing has it.
const NUL: char = '\0';

#[async_trait]
impl AccountStore for Postgres {
    async fn create_account(&self, new: &NewAccount) -> StoreResult<bool> {
        let account = &new.account;
        let create = sqlx::query(CREATE)
            .bind(account.id.0)
            .bind(&account.email)
            .bind(account.email.to_lowercase())
            .bind(&account.name)
            .bind(account.name.to_lowercase())
            .bind(&new.password_hash)
            .bind(account.created_at.0)
            .bind(told::extra(&[told::of(account.id, AccountKind::Created)]));
        Ok(self.rest.optional(create).await.map_err(failed)?.is_some())
    }

    async fn account_by_email(&self, email: &str) -> StoreResult<Option<(Account, String)>> {
        if email.contains(NUL) {
            return Ok(None);
        }
        let exact = sqlx::query(BY_EMAIL).bind(email);
        let mut found = self.read.rows(exact).await.map_err(failed)?;
        if found.is_empty() {
            let folded = sqlx::query(BY_FOLDED).bind(email.to_lowercase());
            found = self.read.rows(folded).await.map_err(failed)?;
        }
        let [only] = found.as_slice() else { return Ok(None) };
        let hash = row::text(only, "password").map_err(failed)?;
        Ok(Some((row::account(only).map_err(failed)?, hash)))
    }

    async fn accounts(&self, ids: &[UserId]) -> StoreResult<Vec<Account>> {
        let ids: Vec<_> = ids.iter().map(|id| id.0).collect();
        let rows = self.read.rows(sqlx::query(BY_IDS).bind(ids)).await.map_err(failed)?;
        row::all(&rows, row::account).map_err(failed)
    }

    async fn list_accounts(&self, prefix: Option<&str>, limit: u32) -> StoreResult<Vec<Account>> {
        if prefix.is_some_and(|prefix| prefix.contains(NUL)) {
            return Ok(Vec::new());
        }
        let limit = i64::from(limit);
        let list = match prefix.map(str::to_lowercase) {
            None => sqlx::query(LIST).bind(limit),
            Some(prefix) => {
                let end = format!("{prefix}{}", row::LAST);
                sqlx::query(SEARCH).bind(prefix).bind(end).bind(limit)
            }
        };
        let rows = self.read.rows(list).await.map_err(failed)?;
        row::all(&rows, row::account).map_err(failed)
    }

    async fn count_accounts(&self, most: u64) -> StoreResult<u64> {
        let count = sqlx::query(COUNT).bind(row::signed(most));
        row::number(&self.read.one(count).await.map_err(failed)?, "n").map_err(failed)
    }

    async fn rehash(&self, id: UserId, from: &str, to: &str) -> StoreResult<bool> {
        let set = sqlx::query(REHASH).bind(to).bind(id.0).bind(from);
        Ok(self.rest.execute(set).await.map_err(failed)? == 1)
    }

    async fn change_password(
        &self,
        id: UserId,
        hash: &str,
        by: Option<Proof<'_>>,
        end: End,
    ) -> StoreResult<Option<Vec<SessionId>>> {
        let mut tx = self.rest.begin().await?;
        session::lock_user(&mut tx, id).await?;
        let set = match by {
            None => sqlx::query(SET_PASSWORD).bind(hash).bind(id.0),
            Some(Proof { session, hash: from }) => {
                let author = Author { session, user: id, at: end.at };
                if log::check_session(&mut tx, author).await?.is_err() {
                    return Ok(None);
                }
                sqlx::query(REHASH).bind(hash).bind(id.0).bind(from)
            }
        };
        if tx.execute(set).await.map_err(failed)? == 0 {
            return Ok(None);
        }
        let own = by.map(|proof| proof.session);
        let ended = session::revoke_all(&mut tx, id, own, end).await?;
        let changed = told::of(id, AccountKind::PasswordChanged { by_owner: by.is_some() });
        let ends = told::ended(id, &ended, end.reason);
        let events: Vec<_> = std::iter::once(changed).chain(ends).collect();
        outbox::tell(&mut tx, end.at, &events).await?;
        tx.commit().await?;
        barrier::wait(&self.rest).await?;
        Ok(Some(ended))
    }

    async fn set_disabled(
        &self,
        id: UserId,
        at: Timestamp,
        disabled: bool,
    ) -> StoreResult<Vec<SessionId>> {
        let mut tx = self.rest.begin().await?;
        session::lock_user(&mut tx, id).await?;
        let (set, kind) = if disabled {
            (sqlx::query(DISABLE).bind(at.0).bind(id.0), AccountKind::Disabled)
        } else {
            (sqlx::query(ENABLE).bind(id.0), AccountKind::Enabled)
        };
        let changed = tx.execute(set).await.map_err(failed)? == 1;
        let mut ended = Vec::new();
        if disabled {
            let end = End { at, reason: Reason::Operator };
            ended = session::revoke_all(&mut tx, id, None, end).await?;
        }
        let ends = told::ended(id, &ended, Reason::Operator);
        let events: Vec<_> = changed.then(|| told::of(id, kind)).into_iter().chain(ends).collect();
        outbox::tell(&mut tx, at, &events).await?;
        tx.commit().await?;
        if disabled {
            barrier::wait(&self.rest).await?;
        }
        Ok(ended)
    }

    async fn set_operator(&self, id: UserId, at: Timestamp, operator: bool) -> StoreResult<bool> {
        operator::set(self, id, at, operator).await
    }

    async fn is_operator(&self, id: UserId) -> StoreResult<bool> {
        operator::is(self, id).await
    }

    async fn operators(&self) -> StoreResult<Vec<UserId>> {
        operator::all(self).await
    }

    async fn set_last_seen(&self, seen: &[(UserId, Timestamp)]) -> StoreResult<()> {
        let (ids, times): (Vec<_>, Vec<_>) = seen.iter().map(|(id, at)| (id.0, at.0)).unzip();
        let set = sqlx::query(SEEN).bind(ids).bind(times);
        self.rest.execute(set).await.map(drop).map_err(failed)
    }
}
