//! Cursors on PostgreSQL: one call moves them, and tells what was read
//! (`migrations/postgres/0004_events.sql`).

use async_trait::async_trait;
use sqlx::postgres::PgRow;
use zvon_core::delivery::store::{CursorStore, Move, Moved};
use zvon_core::store::StoreResult;
use zvon_protocol::ids::{ChatId, UserId};
use zvon_protocol::time::Timestamp;

use super::{Postgres, failed};
use crate::row::{self, number, signed};

const MOVE: &str = "SELECT * FROM move_cursors_v2($1, $2, $3, $4, $5, $6)";
const WAITING: &str = "SELECT m.chat_id AS id, c.last_seq FROM members m \
    JOIN chats c ON c.id = m.chat_id \
    WHERE m.user_id = $1 AND m.left_seq IS NULL AND m.delivered_seq < c.last_seq";

#[async_trait]
impl CursorStore for Postgres {
    async fn move_cursors(&self, at: Timestamp, moves: &[Move]) -> StoreResult<Vec<Moved>> {
        if moves.is_empty() {
            return Ok(Vec::new());
        }
        let uuids = |of: fn(&Move) -> _| moves.iter().map(of).collect::<Vec<uuid::Uuid>>();
        let sessions: Vec<_> = moves.iter().map(|step| step.session.map(|id| id.0)).collect();
        let delivered: Vec<_> = moves.iter().map(|step| signed(step.delivered)).collect();
        let read: Vec<_> = moves.iter().map(|step| signed(step.read)).collect();
        let call = sqlx::query(MOVE)
            .bind(at.0)
            .bind(uuids(|step| step.chat.0))
            .bind(uuids(|step| step.user.0))
            .bind(sessions)
            .bind(delivered)
            .bind(read);
        row::all(&self.rest.rows(call).await.map_err(failed)?, moved).map_err(failed)
    }

    async fn deliver_all(&self, user: UserId) -> StoreResult<Vec<Moved>> {
        let waiting = self.read.rows(sqlx::query(WAITING).bind(user.0)).await.map_err(failed)?;
        let waiting = row::all(&waiting, row::head).map_err(failed)?;
        let moves: Vec<_> = waiting
            .into_iter()
            .map(|(chat, _)| Move { chat, user, session: None, delivered: u64::MAX, read: 0 })
            .collect();
        // No session asks and nothing is read by it, so no clock matters.
        self.move_cursors(Timestamp(0), &moves).await
    }
}

fn moved(found: &PgRow) -> Result<Moved, sqlx::Error> {
    Ok(Moved {
        chat: ChatId(row::id(found, "chat")?),
        user: UserId(row::id(found, "usr")?),
        delivered: (number(found, "delivered_from")?, number(found, "delivered_to")?),
        read: (number(found, "read_from")?, number(found, "read_to")?),
    })
}
