//! Positions in the outbox on PostgreSQL.

use async_trait::async_trait;
use zvon_core::outbox::position::{Position, PositionStore};
use zvon_core::store::StoreResult;
use zvon_protocol::time::Timestamp;

use super::snapshot::Place;
use super::{Postgres, failed};
use crate::row::{self, signed};

/// A fence is greater than the one before it, and than those of the time before it was forgotten.
const TAKE: &str = "INSERT INTO positions AS p (reader, fence, epoch, place, mark, reached, moved_at) \
    SELECT $1, $2, value, '', 0, 0, $2 FROM meta WHERE key = 'log_epoch' \
    ON CONFLICT (reader) DO UPDATE SET fence = greatest(p.fence + 1, $2), moved_at = $2, \
        place = CASE WHEN p.epoch = excluded.epoch THEN p.place ELSE '' END, \
        mark = CASE WHEN p.epoch = excluded.epoch THEN p.mark ELSE 0 END, \
        reached = CASE WHEN p.epoch = excluded.epoch THEN p.reached ELSE 0 END, \
        epoch = excluded.epoch \
    RETURNING p.reader, p.fence, p.place, p.reached, p.moved_at";
const MOVE: &str = "UPDATE positions SET place = $1, mark = $2, reached = greatest(reached, $3), \
    moved_at = $4 WHERE reader = $5 AND fence = $6 \
    AND epoch = (SELECT value FROM meta WHERE key = 'log_epoch')";
const ALL: &str = "SELECT p.reader, p.fence, CASE WHEN p.epoch = m.value THEN p.place ELSE '' END \
        AS place, CASE WHEN p.epoch = m.value THEN p.reached ELSE 0 END AS reached, p.moved_at \
    FROM positions p JOIN meta m ON m.key = 'log_epoch' ORDER BY p.reader";
const FORGET: &str = "DELETE FROM positions WHERE reader = $1";

#[async_trait]
impl PositionStore for Postgres {
    async fn take_position(&self, reader: &str, at: Timestamp) -> StoreResult<Position> {
        let taken = self.rest.one(sqlx::query(TAKE).bind(reader).bind(at.0)).await;
        taken.and_then(|found| row::position(&found)).map_err(failed)
    }

    async fn move_position(&self, to: &Position) -> StoreResult<bool> {
        let mark = Place::read(&to.place)?.mark();
        let change = sqlx::query(MOVE).bind(&to.place.0).bind(mark).bind(to.reached.0);
        let change = change.bind(to.moved_at.0).bind(&to.reader).bind(signed(to.fence));
        Ok(self.rest.execute(change).await.map_err(failed)? == 1)
    }

    async fn positions(&self) -> StoreResult<Vec<Position>> {
        let rows = self.rest.rows(sqlx::query(ALL)).await.map_err(failed)?;
        row::all(&rows, row::position).map_err(failed)
    }

    async fn forget_position(&self, reader: &str) -> StoreResult<bool> {
        let forgotten = self.rest.execute(sqlx::query(FORGET).bind(reader)).await;
        Ok(forgotten.map_err(failed)? == 1)
    }
}
