//! Positions in the outbox on SQLite.

use async_trait::async_trait;
use zvon_core::outbox::position::{Position, PositionStore};
use zvon_core::store::StoreResult;
use zvon_protocol::time::Timestamp;

use super::writer::Pace;
use super::{Sqlite, failed, outbox};
use crate::row::{self, signed};

/// A fence is greater than the one before it, and than those of the time before it was forgotten.
const TAKE: &str = "INSERT INTO positions (reader, fence, epoch, place, mark, reached, moved_at) \
    SELECT ?1, ?2, value, '', 0, 0, ?2 FROM meta WHERE key = 'log_epoch' \
    ON CONFLICT (reader) DO UPDATE SET fence = max(fence + 1, ?2), moved_at = ?2, \
        place = iif(epoch = excluded.epoch, place, ''), mark = iif(epoch = excluded.epoch, mark, 0), \
        reached = iif(epoch = excluded.epoch, reached, 0), epoch = excluded.epoch \
    RETURNING reader, fence, place, reached, moved_at";
const MOVE: &str = "UPDATE positions SET place = ?, mark = ?, reached = max(reached, ?), moved_at = ? \
    WHERE reader = ? AND fence = ? AND epoch = (SELECT value FROM meta WHERE key = 'log_epoch')";
const ALL: &str = "SELECT p.reader, p.fence, iif(p.epoch = m.value, p.place, '') AS place, \
    iif(p.epoch = m.value, p.reached, 0) AS reached, p.moved_at \
    FROM positions p JOIN meta m ON m.key = 'log_epoch' ORDER BY p.reader";
const FORGET: &str = "DELETE FROM positions WHERE reader = ?";

#[async_trait]
impl PositionStore for Sqlite {
    async fn take_position(&self, reader: &str, at: Timestamp) -> StoreResult<Position> {
        let mut tx = self.begin_patiently().await?;
        let take = sqlx::query(TAKE).bind(reader).bind(at.0).fetch_one(&mut *tx).await;
        let position = take.and_then(|found| row::position(&found)).map_err(failed)?;
        tx.commit().await?;
        Ok(position)
    }

    async fn move_position(&self, to: &Position) -> StoreResult<bool> {
        let mark = signed(outbox::last(&to.place)?);
        let change = sqlx::query(MOVE).bind(&to.place.0).bind(mark).bind(to.reached.0);
        let change = change.bind(to.moved_at.0).bind(&to.reader).bind(signed(to.fence));
        Ok(self.change(Pace::Patient, change).await? == 1)
    }

    async fn positions(&self) -> StoreResult<Vec<Position>> {
        let rows = sqlx::query(ALL).fetch_all(&self.readers).await.map_err(failed)?;
        row::all(&rows, row::position).map_err(failed)
    }

    async fn forget_position(&self, reader: &str) -> StoreResult<bool> {
        Ok(self.change(Pace::Patient, sqlx::query(FORGET).bind(reader)).await? == 1)
    }
}
