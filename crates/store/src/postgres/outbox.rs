//! The outbox on PostgreSQL: ids are in order within each chat, but rows do not become visible in
//! the order of their ids, nor transactions end in the order of theirs.
//!
//! Every row that is still to come is of a transaction that runs now, so its `txid` is not below
//! the oldest running one. The mark of a place is such a bound: rows below it were all read. What
//! was read beyond it is `seen`. Reading is: rows from the mark on, but for those seen, by id; so
//! nothing waits for a slow writer, nothing is passed over, and a chat's rows, whose ids were taken
//! under its lock, come in the order of its log.
//!
//! The cost is that of the rows from the mark on: what is new, and what came while the oldest
//! transaction ran.

use std::collections::BTreeSet;

use async_trait::async_trait;
use sqlx::Row;
use sqlx::postgres::PgRow;
use uuid::Uuid;
use zvon_core::outbox::event::AccountEvent;
use zvon_core::outbox::store::{Bookmark, OutboxRow, OutboxStore};
use zvon_core::store::StoreResult;
use zvon_protocol::ids::ChatId;
use zvon_protocol::time::Timestamp;

use super::line::Tx;
use super::{Postgres, failed};
use crate::entry::read_admitted;
use crate::row::{self, Columns, signed, unsigned};
use crate::told;

/// The first rows from a mark on, the next mark (not above the oldest running transaction, nor
/// above what is left for the next time), and what of the seen lies beyond it: of one snapshot.
const READ: &str = "WITH open AS MATERIALIZED (SELECT id, txid FROM outbox WHERE txid >= $1 \
        AND id <> ALL ($2::bigint[]) ORDER BY id), \
    page AS MATERIALIZED (SELECT id FROM open ORDER BY id LIMIT $3), \
    bounds AS (SELECT least(pg_snapshot_xmin(pg_current_snapshot())::text::bigint, (SELECT \
        min(txid) FROM open WHERE id > coalesce((SELECT max(id) FROM page), 0))) AS mark) \
    SELECT b.mark, (SELECT coalesce(array_agg(id), '{}') FROM outbox \
        WHERE id = ANY ($2) AND txid >= b.mark) AS kept, o.* \
    FROM bounds b LEFT JOIN (page p JOIN outbox o ON o.id = p.id) ON true ORDER BY o.id";
const END: &str = "SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS mark, \
    (SELECT coalesce(array_agg(id), '{}') FROM outbox \
    WHERE txid >= pg_snapshot_xmin(pg_current_snapshot())::text::bigint) AS seen";
/// A row that adds to no log.
const TELL: &str =
    "INSERT INTO outbox (at, chats, lows, highs, extra) VALUES ($1, '{}', '{}', '{}', $2)";
const PURGE: &str = "DELETE FROM outbox WHERE id IN \
    (SELECT id FROM outbox WHERE at < $1 ORDER BY at LIMIT 1000)";
const EPOCH: &str = "SELECT value FROM meta WHERE key = 'log_epoch'";

#[async_trait]
impl OutboxStore for Postgres {
    async fn outbox(&self, from: &Bookmark, limit: u32) -> StoreResult<(Vec<OutboxRow>, Bookmark)> {
        let seen: Vec<_> = from.seen.iter().map(|id| signed(*id)).collect();
        let read = sqlx::query(READ).bind(signed(from.mark)).bind(seen).bind(i64::from(limit));
        let found = self.rest.rows(read).await.map_err(failed)?;
        let Some(first) = found.first() else { return Ok((Vec::new(), from.clone())) };
        let mark = row::number(first, "mark").map_err(failed)?;
        let mut seen = ids(first, "kept").map_err(failed)?;
        let mut rows = Vec::with_capacity(found.len());
        for found in found.iter().filter(|found| !matches!(found.int("id"), Ok(None))) {
            let row = outbox_row(found).map_err(failed)?;
            if row::number(found, "txid").map_err(failed)? >= mark {
                seen.insert(row.id);
            }
            rows.push(row);
        }
        Ok((rows, Bookmark { mark, seen }))
    }

    async fn outbox_end(&self) -> StoreResult<Bookmark> {
        let end = self.rest.one(sqlx::query(END)).await.map_err(failed)?;
        let mark = row::number(&end, "mark").map_err(failed)?;
        Ok(Bookmark { mark, seen: ids(&end, "seen").map_err(failed)? })
    }

    async fn record(&self, at: Timestamp, events: &[AccountEvent]) -> StoreResult<()> {
        let Some(extra) = told::extra(events) else { return Ok(()) };
        let tell = sqlx::query(TELL).bind(at.0).bind(extra);
        self.rest.execute(tell).await.map(drop).map_err(failed)
    }

    async fn purge_outbox(&self, before: Timestamp) -> StoreResult<u64> {
        super::in_portions(|| self.rest.execute(sqlx::query(PURGE).bind(before.0))).await
    }

    async fn log_epoch(&self) -> StoreResult<String> {
        let found = self.read.one(sqlx::query(EPOCH)).await.map_err(failed)?;
        row::text(&found, "value").map_err(failed)
    }
}

/// What a transaction did to accounts, as its row; none for nothing.
pub(super) async fn tell(tx: &mut Tx, at: Timestamp, events: &[AccountEvent]) -> StoreResult<()> {
    let Some(extra) = told::extra(events) else { return Ok(()) };
    tx.execute(sqlx::query(TELL).bind(at.0).bind(extra)).await.map(drop).map_err(failed)
}

fn ids(found: &PgRow, column: &str) -> Result<BTreeSet<u64>, sqlx::Error> {
    found.try_get::<Vec<i64>, _>(column)?.into_iter().map(unsigned).collect()
}

fn outbox_row(found: &PgRow) -> Result<OutboxRow, sqlx::Error> {
    let chats: Vec<Uuid> = found.try_get("chats")?;
    let lows: Vec<i64> = found.try_get("lows")?;
    let highs: Vec<i64> = found.try_get("highs")?;
    let span = |((chat, low), high)| Ok((ChatId(chat), unsigned(low)?, unsigned(high)?));
    let spans = chats.into_iter().zip(lows).zip(highs).map(span);
    Ok(OutboxRow {
        id: row::number(found, "id")?,
        at: row::time(found, "at")?,
        spans: spans.collect::<Result<_, sqlx::Error>>()?,
        admitted: read_admitted(found.text("admitted")?)?,
        extra: found.text("extra")?,
    })
}
