//! Cursors on SQLite.

use async_trait::async_trait;
use sqlx::sqlite::SqliteRow;
use zvon_core::delivery::store::{CursorStore, Move, Moved};
use zvon_core::store::StoreResult;
use zvon_protocol::ids::{ChatId, UserId};

use super::log::Tx;
use super::row::{number, signed};
use super::{Sqlite, failed, row};

/// What may move: members, by live sessions, held against their chats' heads.
const WANTED: &str = "SELECT m.chat_id, m.user_id, m.delivered_seq, m.read_seq, c.last_seq, \
    j.value->>3 AS delivered, j.value->>4 AS read FROM json_each(?1) j \
    JOIN members m ON m.chat_id = unhex(j.value->>0) AND m.user_id = unhex(j.value->>1) \
        AND m.left_seq IS NULL \
    JOIN chats c ON c.id = m.chat_id \
    LEFT JOIN sessions s ON s.id = unhex(j.value->>2) AND s.user_id = m.user_id \
        AND s.revoked_at IS NULL \
    WHERE j.value->>2 IS NULL OR s.id IS NOT NULL";
/// The chat's msg_no at a read cursor is that of the event there.
const UPDATE: &str = "UPDATE members SET delivered_seq = max(delivered_seq, j.delivered), \
    read_seq = max(read_seq, j.read), read_no = coalesce((SELECT e.msg_no FROM events e \
        WHERE e.chat_id = members.chat_id AND e.seq = max(members.read_seq, j.read)), read_no) \
    FROM (SELECT unhex(value->>0) AS chat, unhex(value->>1) AS user, value->>2 AS delivered, \
        value->>3 AS read FROM json_each(?1)) j \
    WHERE members.chat_id = j.chat AND members.user_id = j.user";
const WAITING: &str = "SELECT m.chat_id, m.user_id, m.delivered_seq, m.read_seq, c.last_seq, \
    c.last_seq AS delivered, 0 AS read FROM members m JOIN chats c ON c.id = m.chat_id \
    WHERE m.user_id = ? AND m.left_seq IS NULL AND m.delivered_seq < c.last_seq";

#[async_trait]
impl CursorStore for Sqlite {
    async fn move_cursors(&self, moves: &[Move]) -> StoreResult<Vec<Moved>> {
        let wanted: Vec<_> = moves
            .iter()
            .map(|step| {
                let session = step.session.map(|session| session.0.simple().to_string());
                let (chat, user) = (step.chat.0.simple(), step.user.0.simple());
                (chat.to_string(), user.to_string(), session, step.delivered, step.read)
            })
            .collect();
        let wanted = serde_json::to_string(&wanted).unwrap_or_default();
        let mut tx = self.begin().await?;
        let rows = sqlx::query(WANTED).bind(wanted).fetch_all(&mut *tx).await;
        let moved = merge(row::all(&rows.map_err(failed)?, step).map_err(failed)?);
        write(&mut tx, &moved).await?;
        tx.commit().await.map_err(failed)?;
        Ok(moved)
    }

    async fn deliver_all(&self, user: UserId) -> StoreResult<Vec<Moved>> {
        let waiting = || sqlx::query(WAITING).bind(user.0);
        if waiting().fetch_optional(&self.readers).await.map_err(failed)?.is_none() {
            return Ok(Vec::new());
        }
        let mut tx = self.begin().await?;
        let rows = waiting().fetch_all(&mut *tx).await.map_err(failed)?;
        let moved = merge(row::all(&rows, step).map_err(failed)?);
        write(&mut tx, &moved).await?;
        tx.commit().await.map_err(failed)?;
        Ok(moved)
    }
}

/// Writes moves that are known to go forward.
pub(super) async fn write(tx: &mut Tx, moved: &[Moved]) -> StoreResult<()> {
    if moved.is_empty() {
        return Ok(());
    }
    let moves: Vec<_> = moved
        .iter()
        .map(|step| {
            let (chat, user) = (step.chat.0.simple(), step.user.0.simple());
            (chat.to_string(), user.to_string(), signed(step.delivered.1), signed(step.read.1))
        })
        .collect();
    let moves = serde_json::to_string(&moves).unwrap_or_default();
    sqlx::query(UPDATE).bind(moves).execute(&mut **tx).await.map_err(failed)?;
    Ok(())
}

/// What a wish comes to: not back, not past the head, and read is received.
fn step(found: &SqliteRow) -> Result<Moved, sqlx::Error> {
    let head = number(found, "last_seq")?;
    let (delivered, read) = (number(found, "delivered_seq")?, number(found, "read_seq")?);
    let new_read = read.max(number(found, "read")?.min(head));
    let new_delivered = delivered.max(number(found, "delivered")?.min(head)).max(new_read);
    Ok(Moved {
        chat: ChatId(row::id(found, "chat_id")?),
        user: UserId(row::id(found, "user_id")?),
        delivered: (delivered, new_delivered),
        read: (read, new_read),
    })
}

/// One move per member, and only those that go somewhere.
fn merge(steps: Vec<Moved>) -> Vec<Moved> {
    let mut merged: Vec<Moved> = Vec::new();
    for step in steps {
        match merged.iter_mut().find(|known| known.chat == step.chat && known.user == step.user) {
            Some(known) => {
                known.delivered.1 = known.delivered.1.max(step.delivered.1);
                known.read.1 = known.read.1.max(step.read.1);
            }
            None => merged.push(step),
        }
    }
    merged.retain(|step| step.delivered.0 < step.delivered.1 || step.read.0 < step.read.1);
    merged
}
