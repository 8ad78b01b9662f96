//! The outbox on SQLite: one writer, so id order is commit order.

use async_trait::async_trait;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;
use zvon_core::outbox::store::{OutboxRow, OutboxStore};
use zvon_core::store::StoreResult;
use zvon_protocol::time::Timestamp;

use super::{Sqlite, failed, row};

const AFTER: &str = "SELECT * FROM outbox WHERE id > ? ORDER BY id LIMIT ?";
const PURGE: &str = "DELETE FROM outbox WHERE id IN \
    (SELECT id FROM outbox WHERE at < ? ORDER BY at LIMIT 1000)";
pub(super) const EPOCH: &str = "SELECT value FROM meta WHERE key = 'log_epoch'";

#[async_trait]
impl OutboxStore for Sqlite {
    async fn outbox(&self, after: u64, limit: u32) -> StoreResult<Vec<OutboxRow>> {
        let rows = sqlx::query(AFTER).bind(row::signed(after)).bind(limit);
        let rows = rows.fetch_all(&self.readers).await.map_err(failed)?;
        row::all(&rows, outbox_row).map_err(failed)
    }

    async fn purge_outbox(&self, before: Timestamp) -> StoreResult<u64> {
        super::in_portions(|| sqlx::query(PURGE).bind(before.0).execute(&self.writer)).await
    }

    async fn log_epoch(&self) -> StoreResult<String> {
        sqlx::query_scalar(EPOCH).fetch_one(&self.readers).await.map_err(failed)
    }
}

fn outbox_row(found: &SqliteRow) -> Result<OutboxRow, sqlx::Error> {
    let spans: String = found.try_get("spans")?;
    Ok(OutboxRow {
        id: row::number(found, "id")?,
        at: row::time(found, "at")?,
        spans: serde_json::from_str(&spans).map_err(|error| sqlx::Error::Decode(error.into()))?,
        extra: found.try_get("extra")?,
    })
}
