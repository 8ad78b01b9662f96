//! The audit log on SQLite. Writes are serial, so whoever appends has read the last head.

use async_trait::async_trait;
use sqlx::sqlite::SqliteRow;
use zvon_core::audit::store::{AuditStore, Filter};
use zvon_core::audit::{Entry, Head, Row};
use zvon_core::store::StoreResult;
use zvon_protocol::record::Outcome;

use super::log::Tx;
use super::{Sqlite, failed};
use crate::row::signed;
use crate::{kept, row};

const HEAD: &str = "SELECT seq, hash FROM audit_head";
const KNOWN: &str = "SELECT event_id FROM audit WHERE event_id IN (SELECT value FROM json_each(?))";
const INSERT: &str = "INSERT INTO audit (seq, event_id, at, actor, user_id, action, resource, \
    resource_id, failed, address, device, details, former, hash) \
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
const ADVANCE: &str = "UPDATE audit_head SET seq = ?, hash = ?";
const PAGE: &str = "SELECT * FROM audit WHERE seq < ?1 AND at >= ?2 AND at < ?3 \
    AND (?4 IS NULL OR action = ?4) ORDER BY seq DESC LIMIT ?5";
const PAGE_OF: &str = "SELECT * FROM audit WHERE seq < ?1 AND at >= ?2 AND at < ?3 \
    AND (?4 IS NULL OR action = ?4) AND (user_id = ?6 OR actor = ?6) ORDER BY seq DESC LIMIT ?5";
const AFTER: &str = "SELECT * FROM audit WHERE seq > ? ORDER BY seq LIMIT ?";

#[async_trait]
impl AuditStore for Sqlite {
    async fn append_audit(&self, entries: &[Entry]) -> StoreResult<Head> {
        let mut tx = self.begin_patiently().await?;
        let found = sqlx::query(HEAD).fetch_one(&mut *tx).await.map_err(failed)?;
        let mut head = kept::head(&found).map_err(failed)?;
        let mut known = known(&mut tx, entries).await?;
        for entry in entries {
            if !known.contains(&entry.event_id) {
                known.push(entry.event_id.clone());
                insert(&mut tx, &head.append(entry.clone())).await?;
            }
        }
        let advance = sqlx::query(ADVANCE).bind(signed(head.seq)).bind(head.hash.0.to_vec());
        advance.execute(&mut *tx).await.map_err(failed)?;
        tx.commit().await?;
        Ok(head)
    }

    async fn audit_page(&self, filter: &Filter, limit: u32) -> StoreResult<Vec<Row>> {
        let sql = if filter.user.is_some() { PAGE_OF } else { PAGE };
        let mut page = sqlx::query(sql)
            .bind(filter.before.map_or(i64::MAX, signed))
            .bind(filter.since.map_or(i64::MIN, |at| at.0))
            .bind(filter.until.map_or(i64::MAX, |at| at.0))
            .bind(filter.action.as_deref())
            .bind(limit);
        if let Some(user) = filter.user {
            page = page.bind(user.0);
        }
        rows(&page.fetch_all(&self.readers).await.map_err(failed)?)
    }

    async fn audit_rows(&self, after: u64, limit: u32) -> StoreResult<Vec<Row>> {
        let read = sqlx::query(AFTER).bind(signed(after)).bind(limit);
        rows(&read.fetch_all(&self.readers).await.map_err(failed)?)
    }

    async fn audit_head(&self) -> StoreResult<Head> {
        let found = sqlx::query(HEAD).fetch_one(&self.readers).await.map_err(failed)?;
        kept::head(&found).map_err(failed)
    }
}

fn rows(found: &[SqliteRow]) -> StoreResult<Vec<Row>> {
    row::all(found, kept::audit).map_err(failed)
}

/// Which of the entries' events are there already.
async fn known(tx: &mut Tx, entries: &[Entry]) -> StoreResult<Vec<String>> {
    let events: Vec<_> = entries.iter().map(|entry| &entry.event_id).collect();
    let events = serde_json::to_string(&events).unwrap_or_default();
    sqlx::query_scalar(KNOWN).bind(events).fetch_all(&mut **tx).await.map_err(failed)
}

async fn insert(tx: &mut Tx, Row { seq, entry, former, hash }: &Row) -> StoreResult<()> {
    let insert = sqlx::query(INSERT)
        .bind(signed(*seq))
        .bind(&entry.event_id)
        .bind(entry.at.0)
        .bind(entry.actor.map(|id| id.0))
        .bind(entry.user.map(|id| id.0))
        .bind(&entry.action)
        .bind(&entry.resource)
        .bind(&entry.resource_id)
        .bind(i64::from(entry.outcome == Outcome::Failure))
        .bind(&entry.address)
        .bind(&entry.device)
        .bind(&entry.details)
        .bind(former.0.to_vec())
        .bind(hash.0.to_vec());
    insert.execute(&mut **tx).await.map(drop).map_err(failed)
}
