//! The audit log on PostgreSQL. The head's row is the log's lock: whoever appends holds it, and sees
//! what the one before did.

use async_trait::async_trait;
use sqlx::postgres::PgRow;
use zvon_core::audit::store::{AuditStore, Filter};
use zvon_core::audit::{Entry, Head, Row};
use zvon_core::store::StoreResult;
use zvon_protocol::record::Outcome;

use super::line::Tx;
use super::{Postgres, failed};
use crate::row::signed;
use crate::{kept, row};

const HEAD: &str = "SELECT seq, hash FROM audit_head";
const LOCK: &str = "SELECT seq, hash FROM audit_head FOR NO KEY UPDATE";
const KNOWN: &str = "SELECT event_id FROM audit WHERE event_id = ANY ($1)";
const INSERT: &str = "INSERT INTO audit (seq, event_id, at, actor, user_id, action, resource, \
    resource_id, failed, address, device, details, former, hash) \
    SELECT * FROM unnest($1::bigint[], $2::text[], $3::bigint[], $4::uuid[], $5::uuid[], \
    $6::text[], $7::text[], $8::text[], $9::bigint[], $10::text[], $11::text[], $12::text[], \
    $13::bytea[], $14::bytea[])";
const ADVANCE: &str = "UPDATE audit_head SET seq = $1, hash = $2";
const PAGE: &str = "SELECT * FROM audit WHERE seq < $1 AND at >= $2 AND at < $3 \
    AND ($4 IS NULL OR action = $4) ORDER BY seq DESC LIMIT $5";
const PAGE_OF: &str = "SELECT * FROM audit WHERE seq < $1 AND at >= $2 AND at < $3 \
    AND ($4 IS NULL OR action = $4) AND (user_id = $6 OR actor = $6) ORDER BY seq DESC LIMIT $5";
const AFTER: &str = "SELECT * FROM audit WHERE seq > $1 ORDER BY seq LIMIT $2";

#[async_trait]
impl AuditStore for Postgres {
    async fn append_audit(&self, entries: &[Entry]) -> StoreResult<Head> {
        let mut tx = self.rest.begin().await?;
        let found = tx.one(sqlx::query(LOCK)).await.map_err(failed)?;
        let mut head = kept::head(&found).map_err(failed)?;
        let mut known = known(&mut tx, entries).await?;
        let mut fresh = Vec::new();
        for entry in entries {
            if !known.contains(&entry.event_id) {
                known.push(entry.event_id.clone());
                fresh.push(head.append(entry.clone()));
            }
        }
        if !fresh.is_empty() {
            insert(&mut tx, &fresh).await?;
            let advance = sqlx::query(ADVANCE).bind(signed(head.seq)).bind(head.hash.0.to_vec());
            tx.execute(advance).await.map_err(failed)?;
        }
        tx.commit().await?;
        Ok(head)
    }

    async fn audit_page(&self, filter: &Filter, limit: u32) -> StoreResult<Vec<Row>> {
        let sql = if filter.user.is_some() { PAGE_OF } else { PAGE };
        let mut page = sqlx::query(sql)
            .bind(filter.before.map_or(i64::MAX, signed))
            .bind(filter.since.map_or(i64::MIN, |at| at.0))
            .bind(filter.until.map_or(i64::MAX, |at| at.0))
            .bind(filter.action.as_deref().map(kept::clean))
            .bind(i64::from(limit));
        if let Some(user) = filter.user {
            page = page.bind(user.0);
        }
        rows(&self.read.rows(page).await.map_err(failed)?)
    }

    async fn audit_rows(&self, after: u64, limit: u32) -> StoreResult<Vec<Row>> {
        let read = sqlx::query(AFTER).bind(signed(after)).bind(i64::from(limit));
        rows(&self.read.rows(read).await.map_err(failed)?)
    }

    async fn audit_head(&self) -> StoreResult<Head> {
        let found = self.read.one(sqlx::query(HEAD)).await.map_err(failed)?;
        kept::head(&found).map_err(failed)
    }
}

fn rows(found: &[PgRow]) -> StoreResult<Vec<Row>> {
    row::all(found, kept::audit).map_err(failed)
}

/// Which of the entries' events are there already.
async fn known(tx: &mut Tx, entries: &[Entry]) -> StoreResult<Vec<String>> {
    let events: Vec<_> = entries.iter().map(|entry| entry.event_id.clone()).collect();
    let found = tx.rows(sqlx::query(KNOWN).bind(events)).await.map_err(failed)?;
    row::all(&found, |found| row::text(found, "event_id")).map_err(failed)
}

async fn insert(tx: &mut Tx, fresh: &[Row]) -> StoreResult<()> {
    let texts = |of: fn(&Entry) -> Option<&String>| -> Vec<Option<String>> {
        fresh.iter().map(|row| of(&row.entry).cloned()).collect()
    };
    let numbers = |of: fn(&Row) -> i64| -> Vec<i64> { fresh.iter().map(of).collect() };
    let hashes = |of: fn(&Row) -> &[u8]| -> Vec<Vec<u8>> {
        fresh.iter().map(|row| of(row).to_vec()).collect()
    };
    let ids = |of: fn(&Entry) -> Option<zvon_protocol::ids::UserId>| -> Vec<Option<uuid::Uuid>> {
        fresh.iter().map(|row| of(&row.entry).map(|id| id.0)).collect()
    };
    let insert = sqlx::query(INSERT)
        .bind(numbers(|row| signed(row.seq)))
        .bind(texts(|entry| Some(&entry.event_id)))
        .bind(numbers(|row| row.entry.at.0))
        .bind(ids(|entry| entry.actor))
        .bind(ids(|entry| entry.user))
        .bind(texts(|entry| Some(&entry.action)))
        .bind(texts(|entry| Some(&entry.resource)))
        .bind(texts(|entry| Some(&entry.resource_id)))
        .bind(numbers(|row| i64::from(row.entry.outcome == Outcome::Failure)))
        .bind(texts(|entry| entry.address.as_ref()))
        .bind(texts(|entry| entry.device.as_ref()))
        .bind(texts(|entry| entry.details.as_ref()))
        .bind(hashes(|row| &row.former.0))
        .bind(hashes(|row| &row.hash.0));
    tx.execute(insert).await.map(drop).map_err(failed)
}
