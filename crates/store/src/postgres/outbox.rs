//! The outbox on PostgreSQL: ids are in order within each chat, but rows do not become visible in
//! the order of their ids, nor transactions end in the order of theirs.
//!
//! A place is a snapshot (`snapshot`): what one shows and the other does not is new. Nothing waits
//! for a slow writer, nothing is passed over, and a chat's rows, whose ids were taken under its lock,
//! come in the order of its log. The cost is that of the new rows, however long a transaction runs
//! and however much was read behind it.

use async_trait::async_trait;
use sqlx::Row;
use sqlx::postgres::PgRow;
use uuid::Uuid;
use zvon_core::outbox::event::AccountEvent;
use zvon_core::outbox::store::{
    Backlog, Bookmark, OutboxRow, OutboxStore, Passed, Purged, Stretch, Told,
};
use zvon_core::store::StoreResult;
use zvon_protocol::ids::ChatId;
use zvon_protocol::time::Timestamp;

use super::line::Tx;
use super::snapshot::{Part, Place, Snapshot};
use super::{Postgres, failed, lookup};
use crate::entry::read_admitted;
use crate::row::{self, Columns, signed, unsigned};
use crate::told;

/// Rows that the snapshot of the place ($1 its xmax, $2 who ran) does not show and the target ($5, $6)
/// does, after $4, by id. Those of transactions that ran then are looked up one by one; those of later ones
/// lie from $3 on, which is looked for once for all pages. `+ 0`: the other index would have all
/// of them be sorted for every page.
const READ: &str = "WITH low AS MATERIALIZED (SELECT coalesce($3, (SELECT min(q.id) FROM \
        (SELECT o.id FROM outbox o WHERE o.txid >= $1 OFFSET 0) q)) AS low), \
    page AS MATERIALIZED (SELECT u.* FROM ( \
        (SELECT o.* FROM outbox o WHERE o.txid = ANY ($2) AND o.id > $4 AND o.txid < $5 \
            AND o.txid <> ALL ($6) ORDER BY o.id + 0 LIMIT $7) \
        UNION ALL (SELECT o.* FROM outbox o WHERE o.id >= (SELECT low FROM low) AND o.id > $4 \
            AND o.txid + 0 >= $1 AND o.txid + 0 < $5 AND o.txid + 0 <> ALL ($6) \
            ORDER BY o.id LIMIT $7)) u ORDER BY u.id LIMIT $7) \
    SELECT pg_current_snapshot()::text AS now, l.low, p.* FROM low l LEFT JOIN page p ON true \
    ORDER BY p.id";
const END: &str = "SELECT pg_current_snapshot()::text AS now, (SELECT max(id) FROM outbox) AS top";
const OF: &str = "SELECT * FROM outbox WHERE id > $1 AND at >= $2 AND at < $3 ORDER BY id LIMIT $4";
const BACKLOG: &str = "SELECT (SELECT max(id) FROM outbox) AS newest, \
    (SELECT min(id) FROM outbox) AS first, \
    (SELECT at FROM outbox WHERE id > $1 ORDER BY id LIMIT 1) AS oldest";
/// A row that adds to no log.
const TELL: &str =
    "INSERT INTO outbox (at, chats, lows, highs, extra) VALUES ($1, '{}', '{}', '{}', $2)";
/// Up to where every position has come.
const READ_BY_ALL: &str = "SELECT \
    min(CASE WHEN p.epoch = m.value THEN p.mark ELSE 0 END) AS mark, \
    min(CASE WHEN p.epoch = m.value THEN p.reached ELSE 0 END) AS reached \
    FROM positions p JOIN meta m ON m.key = 'log_epoch'";
const PURGE: &str = "DELETE FROM outbox WHERE id IN \
    (SELECT id FROM outbox WHERE at < $1 AND txid < $2 ORDER BY at LIMIT 1000)";
const EPOCH: &str = "SELECT value FROM meta WHERE key = 'log_epoch'";

#[async_trait]
impl OutboxStore for Postgres {
    async fn outbox(&self, from: &Bookmark, limit: u32) -> StoreResult<(Vec<OutboxRow>, Bookmark)> {
        let (mut place, mut rows) = (Place::read(from)?, Vec::new());
        loop {
            let wanted = i64::from(limit) - i64::try_from(rows.len()).unwrap_or(i64::MAX);
            let read = self.read_on(&place, wanted).await?;
            let full = read.rows.len() as i64 == wanted;
            rows.extend(read.rows);
            let last = rows.last().map_or(0, |row: &OutboxRow| signed(row.id));
            place.top = place.top.max(last);
            match (&mut place.part, full) {
                (Some(part), true) => part.last = last,
                (None, true) => {
                    place.part = Some(Part { target: read.now, last, low: read.low });
                }
                (None, false) => place.base = read.now,
                (part @ Some(_), false) => {
                    let ended = part.take().map(|part| part.target);
                    place.base = ended.unwrap_or(read.now);
                    // That snapshot may be old: what came since is to be read as well.
                    continue;
                }
            }
            return Ok((rows, place.bookmark()));
        }
    }

    async fn outbox_end(&self) -> StoreResult<Bookmark> {
        let end = self.rest.one(sqlx::query(END)).await.map_err(failed)?;
        let top = end.int("top").map_err(failed)?.unwrap_or_default();
        let base = now(&end).map_err(failed)?;
        Ok(Place { base, part: None, top }.bookmark())
    }

    async fn outbox_of(
        &self,
        (from, to): (Timestamp, Timestamp),
        after: u64,
        limit: u32,
    ) -> StoreResult<Vec<OutboxRow>> {
        let of = sqlx::query(OF).bind(signed(after)).bind(from.0).bind(to.0);
        let rows = self.rest.rows(of.bind(i64::from(limit))).await.map_err(failed)?;
        row::all(&rows, outbox_row).map_err(failed)
    }

    async fn backlog(&self, from: &Bookmark) -> StoreResult<Backlog> {
        let top = Place::read(from)?.top;
        let found = self.rest.one(sqlx::query(BACKLOG).bind(top)).await.map_err(failed)?;
        row::backlog(&found, unsigned(top).map_err(failed)?).map_err(failed)
    }

    async fn told(&self, stretches: &[Stretch], messages: bool) -> StoreResult<Vec<Told>> {
        lookup::told(&self.rest, stretches, messages).await
    }

    async fn passed_in(&self, stretches: &[Stretch]) -> StoreResult<Vec<Passed>> {
        lookup::passed_in(&self.rest, stretches).await
    }

    async fn record(&self, at: Timestamp, events: &[AccountEvent]) -> StoreResult<()> {
        let Some(extra) = told::extra(events) else { return Ok(()) };
        let tell = sqlx::query(TELL).bind(at.0).bind(extra);
        self.rest.execute(tell).await.map(drop).map_err(failed)
    }

    async fn purge_outbox(&self, read: Timestamp, unread: Timestamp) -> StoreResult<Purged> {
        let found = self.rest.one(sqlx::query(READ_BY_ALL)).await.map_err(failed)?;
        let mark = found.int("mark").map_err(failed)?.unwrap_or(i64::MAX);
        let reached = found.int("reached").map_err(failed)?.unwrap_or(i64::MAX);
        let purge = |before: i64, mark: i64| {
            super::in_portions(move || {
                self.rest.execute(sqlx::query(PURGE).bind(before).bind(mark))
            })
        };
        // Behind what was reached lies little that was not read, so little is looked at in vain.
        let read = purge(read.0.min(reached.saturating_add(1)), mark).await?;
        Ok(Purged { read, unread: purge(unread.0, i64::MAX).await? })
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

/// Rows, and what they were read by.
struct Read {
    rows: Vec<OutboxRow>,
    now: Snapshot,
    low: i64,
}

impl Postgres {
    async fn read_on(&self, place: &Place, limit: i64) -> StoreResult<Read> {
        let read = sqlx::query(READ).bind(place.base.xmax).bind(&place.base.xip);
        let read = match &place.part {
            Some(Part { target, last, low }) => {
                read.bind(Some(*low)).bind(*last).bind(target.xmax).bind(&target.xip)
            }
            // The statement's own snapshot is the target.
            None => read.bind(None::<i64>).bind(0_i64).bind(i64::MAX).bind(Vec::<i64>::new()),
        };
        let found = self.rest.rows(read.bind(limit)).await.map_err(failed)?;
        let first = found.first().ok_or_else(|| failed(sqlx::Error::RowNotFound))?;
        let is_row = |found: &&PgRow| !matches!(found.int("id"), Ok(None));
        let rows = found.iter().filter(is_row).map(outbox_row).collect::<Result<_, _>>();
        let low = first.int("low").map_err(failed)?.unwrap_or(i64::MAX);
        Ok(Read { rows: rows.map_err(failed)?, now: now(first).map_err(failed)?, low })
    }
}

fn now(found: &PgRow) -> Result<Snapshot, sqlx::Error> {
    let text = row::text(found, "now")?;
    Snapshot::parse(&text).ok_or_else(|| sqlx::Error::Decode(format!("`{text}`").into()))
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
