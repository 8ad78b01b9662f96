//! The outbox on SQLite: one writer, so id order is commit order.

use async_trait::async_trait;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;
use zvon_core::outbox::event::AccountEvent;
use zvon_core::outbox::store::{Bookmark, OutboxRow, OutboxStore};
use zvon_core::store::StoreResult;
use zvon_protocol::time::Timestamp;

use super::log::Tx;
use super::writer::Pace;
use super::{Sqlite, failed};
use crate::entry::read_admitted;
use crate::{row, told};

const AFTER: &str = "SELECT * FROM outbox WHERE id > ? ORDER BY id LIMIT ?";
const END: &str = "SELECT max(id) FROM outbox";
/// A row that adds to no log.
macro_rules! insert {
    () => {
        "INSERT INTO outbox (at, spans, extra) VALUES (?, '[]', ?)"
    };
}
pub(super) use insert;
const PURGE: &str = "DELETE FROM outbox WHERE id IN \
    (SELECT id FROM outbox WHERE at < ? ORDER BY at LIMIT 1000)";
pub(super) const EPOCH: &str = "SELECT value FROM meta WHERE key = 'log_epoch'";

#[async_trait]
impl OutboxStore for Sqlite {
    async fn outbox(&self, from: &Bookmark, limit: u32) -> StoreResult<(Vec<OutboxRow>, Bookmark)> {
        let rows = sqlx::query(AFTER).bind(row::signed(from.mark)).bind(limit);
        let rows = rows.fetch_all(&self.readers).await.map_err(failed)?;
        let rows = row::all(&rows, outbox_row).map_err(failed)?;
        let mark = rows.last().map_or(from.mark, |row| row.id);
        Ok((rows, Bookmark { mark, ..Bookmark::default() }))
    }

    async fn outbox_end(&self) -> StoreResult<Bookmark> {
        let end = sqlx::query_scalar::<_, Option<i64>>(END).fetch_one(&self.readers).await;
        let mark = end.map_err(failed)?.and_then(|id| u64::try_from(id).ok()).unwrap_or(0);
        Ok(Bookmark { mark, ..Bookmark::default() })
    }

    async fn record(&self, at: Timestamp, events: &[AccountEvent]) -> StoreResult<()> {
        let Some(extra) = told::extra(events) else { return Ok(()) };
        let tell = sqlx::query(insert!()).bind(at.0).bind(extra);
        self.change(Pace::Patient, tell).await.map(drop)
    }

    async fn purge_outbox(&self, before: Timestamp) -> StoreResult<u64> {
        super::in_portions(|| self.change(Pace::Patient, sqlx::query(PURGE).bind(before.0))).await
    }

    async fn log_epoch(&self) -> StoreResult<String> {
        sqlx::query_scalar(EPOCH).fetch_one(&self.readers).await.map_err(failed)
    }
}

/// What a transaction did to accounts, as its row; none for nothing.
pub(super) async fn tell(tx: &mut Tx, at: Timestamp, events: &[AccountEvent]) -> StoreResult<()> {
    let Some(extra) = told::extra(events) else { return Ok(()) };
    let tell = sqlx::query(insert!()).bind(at.0).bind(extra);
    tell.execute(&mut **tx).await.map(drop).map_err(failed)
}

fn outbox_row(found: &SqliteRow) -> Result<OutboxRow, sqlx::Error> {
    let spans: String = found.try_get("spans")?;
    let broken = |error: serde_json::Error| sqlx::Error::Decode(error.into());
    Ok(OutboxRow {
        id: row::number(found, "id")?,
        at: row::time(found, "at")?,
        spans: serde_json::from_str(&spans).map_err(broken)?,
        admitted: read_admitted(found.try_get("admitted")?)?,
        extra: found.try_get("extra")?,
    })
}
