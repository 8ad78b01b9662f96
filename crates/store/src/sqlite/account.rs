//! Accounts on SQLite.

use async_trait::async_trait;
use sqlx::Row;
use zvon_core::account::Account;
use zvon_core::account::store::{AccountStore, NewAccount, Proof};
use zvon_core::chat::store::Author;
use zvon_core::outbox::event::AccountKind;
use zvon_core::session::Reason;
use zvon_core::session::store::End;
use zvon_core::store::StoreResult;
use zvon_protocol::ids::{SessionId, UserId};
use zvon_protocol::time::Timestamp;

use super::writer::Pace;
use super::{Sqlite, failed, log, operator, outbox, session};
use crate::{row, told};

const CREATE: &str = "INSERT INTO users (id, email, email_folded, name, name_folded, password, \
    created_at) VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (email) DO NOTHING";
const BY_EMAIL: &str = "SELECT * FROM users WHERE email = ?";
const BY_FOLDED: &str = "SELECT * FROM users WHERE email_folded = ? LIMIT 2";
const BY_IDS: &str = "SELECT * FROM users WHERE id IN (SELECT unhex(value) FROM json_each(?))";
const LIST: &str = "SELECT * FROM users ORDER BY name_folded, id LIMIT ?";
const SEARCH: &str = "SELECT * FROM users WHERE (name_folded >= ?1 AND name_folded < ?2) \
    OR (email_folded >= ?1 AND email_folded < ?2) ORDER BY name_folded, id LIMIT ?3";
const COUNT: &str = "SELECT count(*) AS n FROM (SELECT 1 FROM users LIMIT ?)";
const SET_PASSWORD: &str = "UPDATE users SET password = ? WHERE id = ?";
const REHASH: &str = "UPDATE users SET password = ? WHERE id = ? AND password = ?";
const DISABLE: &str = "UPDATE users SET disabled_at = ? WHERE id = ? AND disabled_at IS NULL";
const ENABLE: &str = "UPDATE users SET disabled_at = NULL WHERE id = ? AND disabled_at IS NOT NULL";
const SEEN: &str = "UPDATE users SET last_seen = max(coalesce(last_seen, 0), s.at) \
    FROM (SELECT unhex(value->>0) AS id, value->>1 AS at FROM json_each(?)) s WHERE users.id = s.id";

#[async_trait]
impl AccountStore for Sqlite {
    async fn create_account(&self, new: &NewAccount) -> StoreResult<bool> {
        let account = &new.account;
        let mut tx = self.begin().await?;
        let done = sqlx::query(CREATE)
            .bind(account.id.0)
            .bind(&account.email)
            .bind(account.email.to_lowercase())
            .bind(&account.name)
            .bind(account.name.to_lowercase())
            .bind(&new.password_hash)
            .bind(account.created_at.0)
            .execute(&mut *tx)
            .await
            .map_err(failed)?;
        if done.rows_affected() == 0 {
            tx.commit().await?;
            return Ok(false);
        }
        let created = told::of(account.id, AccountKind::Created);
        outbox::tell(&mut tx, account.created_at, &[created]).await?;
        tx.commit().await?;
        Ok(true)
    }

    async fn account_by_email(&self, email: &str) -> StoreResult<Option<(Account, String)>> {
        let exact = sqlx::query(BY_EMAIL).bind(email).fetch_optional(&self.readers).await;
        let mut found: Vec<_> = exact.map_err(failed)?.into_iter().collect();
        if found.is_empty() {
            let folded = sqlx::query(BY_FOLDED).bind(email.to_lowercase());
            found = folded.fetch_all(&self.readers).await.map_err(failed)?;
        }
        let [only] = found.as_slice() else { return Ok(None) };
        let hash = only.try_get("password").map_err(failed)?;
        Ok(Some((row::account(only).map_err(failed)?, hash)))
    }

    async fn accounts(&self, ids: &[UserId]) -> StoreResult<Vec<Account>> {
        let ids = super::log::hexes(ids.iter().map(|id| id.0));
        let rows = sqlx::query(BY_IDS).bind(ids).fetch_all(&self.readers).await;
        row::all(&rows.map_err(failed)?, row::account).map_err(failed)
    }

    async fn list_accounts(&self, prefix: Option<&str>, limit: u32) -> StoreResult<Vec<Account>> {
        let rows = match prefix.map(str::to_lowercase) {
            None => sqlx::query(LIST).bind(limit).fetch_all(&self.readers).await,
            Some(prefix) => {
                let end = format!("{prefix}{}", row::LAST);
                let search = sqlx::query(SEARCH).bind(prefix).bind(end).bind(limit);
                search.fetch_all(&self.readers).await
            }
        };
        row::all(&rows.map_err(failed)?, row::account).map_err(failed)
    }

    async fn count_accounts(&self, most: u64) -> StoreResult<u64> {
        let count = sqlx::query(COUNT).bind(row::signed(most)).fetch_one(&self.readers).await;
        row::number(&count.map_err(failed)?, "n").map_err(failed)
    }

    async fn rehash(&self, id: UserId, from: &str, to: &str) -> StoreResult<bool> {
        let set = sqlx::query(REHASH).bind(to).bind(id.0).bind(from);
        Ok(self.change(Pace::Prompt, set).await? == 1)
    }

    async fn change_password(
        &self,
        id: UserId,
        hash: &str,
        by: Option<Proof<'_>>,
        end: End,
    ) -> StoreResult<Option<Vec<SessionId>>> {
        let mut tx = self.begin().await?;
        let set = match by {
            None => sqlx::query(SET_PASSWORD).bind(hash).bind(id.0),
            Some(Proof { session, hash: from }) => {
                let author = Author { session, user: id, at: end.at };
                if log::check_session(&mut tx, author).await?.is_err() {
                    tx.commit().await?;
                    return Ok(None);
                }
                sqlx::query(REHASH).bind(hash).bind(id.0).bind(from)
            }
        };
        if set.execute(&mut *tx).await.map_err(failed)?.rows_affected() == 0 {
            tx.commit().await?;
            return Ok(None);
        }
        let own = by.map(|proof| proof.session);
        let ended = session::revoke_all(&mut tx, id, own, end).await?;
        let changed = told::of(id, AccountKind::PasswordChanged { by_owner: by.is_some() });
        let ends = told::ended(id, &ended, end.reason);
        let events: Vec<_> = std::iter::once(changed).chain(ends).collect();
        outbox::tell(&mut tx, end.at, &events).await?;
        tx.commit().await?;
        Ok(Some(ended))
    }

    async fn set_disabled(
        &self,
        id: UserId,
        at: Timestamp,
        disabled: bool,
    ) -> StoreResult<Vec<SessionId>> {
        let mut tx = self.begin().await?;
        let (set, kind) = if disabled {
            (sqlx::query(DISABLE).bind(at.0).bind(id.0), AccountKind::Disabled)
        } else {
            (sqlx::query(ENABLE).bind(id.0), AccountKind::Enabled)
        };
        let changed = set.execute(&mut *tx).await.map_err(failed)?.rows_affected() == 1;
        let mut ended = Vec::new();
        if disabled {
            let end = End { at, reason: Reason::Operator };
            ended = session::revoke_all(&mut tx, id, None, end).await?;
        }
        let ends = told::ended(id, &ended, Reason::Operator);
        let events: Vec<_> = changed.then(|| told::of(id, kind)).into_iter().chain(ends).collect();
        outbox::tell(&mut tx, at, &events).await?;
        tx.commit().await?;
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
        let seen: Vec<_> = seen.iter().map(|(id, at)| (id.0.simple().to_string(), at.0)).collect();
        let seen = serde_json::to_string(&seen).unwrap_or_default();
        self.change(Pace::Patient, sqlx::query(SEEN).bind(seen)).await.map(drop)
    }
}
