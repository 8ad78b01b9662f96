//! The outbox on SQLite: one writer, so id order is commit order.

use async_trait::async_trait;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;
use tokio::sync::watch;
use zvon_core::outbox::event::AccountEvent;
use zvon_core::outbox::store::{
    Backlog, Bookmark, OutboxRow, OutboxStore, Passed, Purged, Stretch, Told,
};
use zvon_core::store::{StoreError, StoreResult};
use zvon_protocol::time::Timestamp;

use super::log::Tx;
use super::writer::Pace;
use super::{Sqlite, failed, message};
use crate::entry::read_admitted;
use crate::row::{self, Columns, signed};
use crate::told;

const AFTER: &str = "SELECT * FROM outbox WHERE id > ? ORDER BY id LIMIT ?";
const END: &str = "SELECT max(id) FROM outbox";
/// A row that adds to no log.
macro_rules! insert {
    () => {
        "INSERT INTO outbox (at, spans, extra) VALUES (?, '[]', ?)"
    };
}
pub(super) use insert;
/// Up to where every position has come.
const READ_BY_ALL: &str = "SELECT min(iif(p.epoch = m.value, p.mark, 0)) AS mark, \
    min(iif(p.epoch = m.value, p.reached, 0)) AS reached \
    FROM positions p JOIN meta m ON m.key = 'log_epoch'";
const PURGE: &str = "DELETE FROM outbox WHERE id IN \
    (SELECT id FROM outbox WHERE at < ? AND id <= ? ORDER BY at LIMIT 1000)";
const OF: &str = "SELECT * FROM outbox WHERE id > ? AND at >= ? AND at < ? ORDER BY id LIMIT ?";
const BACKLOG: &str = "SELECT (SELECT max(id) FROM outbox) AS newest, \
    (SELECT min(id) FROM outbox) AS first, \
    (SELECT at FROM outbox WHERE id > ? ORDER BY id LIMIT 1) AS oldest";
pub(super) const EPOCH: &str = "SELECT value FROM meta WHERE key = 'log_epoch'";

#[async_trait]
impl OutboxStore for Sqlite {
    async fn outbox(&self, from: &Bookmark, limit: u32) -> StoreResult<(Vec<OutboxRow>, Bookmark)> {
        let rows = sqlx::query(AFTER).bind(signed(last(from)?)).bind(limit);
        let rows = rows.fetch_all(&self.readers).await.map_err(failed)?;
        let rows = row::all(&rows, outbox_row).map_err(failed)?;
        let place = rows.last().map_or_else(|| from.clone(), |row| Bookmark(row.id.to_string()));
        Ok((rows, place))
    }

    async fn outbox_end(&self) -> StoreResult<Bookmark> {
        let end = sqlx::query_scalar::<_, Option<i64>>(END).fetch_one(&self.readers).await;
        let end = end.map_err(failed)?;
        Ok(end.map_or_else(Bookmark::default, |id| Bookmark(id.to_string())))
    }

    async fn outbox_of(
        &self,
        (from, to): (Timestamp, Timestamp),
        after: u64,
        limit: u32,
    ) -> StoreResult<Vec<OutboxRow>> {
        let of = sqlx::query(OF).bind(signed(after)).bind(from.0).bind(to.0).bind(limit);
        let rows = of.fetch_all(&self.readers).await.map_err(failed)?;
        row::all(&rows, outbox_row).map_err(failed)
    }

    async fn backlog(&self, from: &Bookmark) -> StoreResult<Backlog> {
        let top = last(from)?;
        let found = sqlx::query(BACKLOG).bind(signed(top)).fetch_one(&self.readers).await;
        row::backlog(&found.map_err(failed)?, top).map_err(failed)
    }

    async fn told(&self, stretches: &[Stretch], messages: bool) -> StoreResult<Vec<Told>> {
        message::told(&self.readers, stretches, messages).await
    }

    async fn passed_in(&self, stretches: &[Stretch]) -> StoreResult<Vec<Passed>> {
        message::passed_in(&self.readers, stretches).await
    }

    async fn record(&self, at: Timestamp, events: &[AccountEvent]) -> StoreResult<()> {
        let Some(extra) = told::extra(events) else { return Ok(()) };
        let tell = sqlx::query(insert!()).bind(at.0).bind(extra);
        self.change(Pace::Patient, tell).await.map(drop)
    }

    async fn purge_outbox(&self, read: Timestamp, unread: Timestamp) -> StoreResult<Purged> {
        let found = sqlx::query(READ_BY_ALL).fetch_one(&self.readers).await.map_err(failed)?;
        let mark = found.int("mark").map_err(failed)?.unwrap_or(i64::MAX);
        let reached = found.int("reached").map_err(failed)?.unwrap_or(i64::MAX);
        let purge = |before: i64, mark: i64| {
            super::in_portions(move || {
                self.change(Pace::Patient, sqlx::query(PURGE).bind(before).bind(mark))
            })
        };
        // Behind what was reached lies little that was not read, so little is looked at in vain.
        let read = purge(read.0.min(reached.saturating_add(1)), mark).await?;
        Ok(Purged { read, unread: purge(unread.0, i64::MAX).await? })
    }

    async fn log_epoch(&self) -> StoreResult<String> {
        sqlx::query_scalar(EPOCH).fetch_one(&self.readers).await.map_err(failed)
    }

    fn news(&self) -> Option<watch::Receiver<u64>> {
        self.serves.then(|| self.writer.news())
    }
}

/// What a transaction did to accounts, as its row; none for nothing.
pub(super) async fn tell(tx: &mut Tx, at: Timestamp, events: &[AccountEvent]) -> StoreResult<()> {
    let Some(extra) = told::extra(events) else { return Ok(()) };
    let tell = sqlx::query(insert!()).bind(at.0).bind(extra);
    tell.execute(&mut **tx).await.map(drop).map_err(failed)
}

/// The last row that was read: the place is its id.
pub(super) fn last(place: &Bookmark) -> StoreResult<u64> {
    if place.0.is_empty() {
        return Ok(0);
    }
    let broken = |_| StoreError::Broken(format!("`{}` is no place in the outbox", place.0));
    place.0.parse().map_err(broken)
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
