//! Cursors on SQLite.

use std::collections::HashMap;

use async_trait::async_trait;
use sqlx::sqlite::SqliteRow;
use zvon_core::delivery::store::{CursorStore, Move, Moved};
use zvon_core::store::StoreResult;
use zvon_protocol::ids::{ChatId, UserId};
use zvon_protocol::time::Timestamp;

use super::log::Tx;
use super::{Sqlite, failed, outbox};
use crate::row::{number, signed};
use crate::{row, told};

/// What may move: members, by live sessions, held against their chats' heads.
const WANTED: &str = "SELECT m.chat_id, m.user_id, m.delivered_seq, m.read_seq, c.last_seq, \
    j.value->>3 AS delivered, j.value->>4 AS read FROM json_each(?1) j \
    JOIN members m ON m.chat_id = unhex(j.value->>0) AND m.user_id = unhex(j.value->>1) \
        AND m.left_seq IS NULL \
    JOIN chats c ON c.id = m.chat_id \
    LEFT JOIN sessions s ON s.id = unhex(j.value->>2) AND s.user_id = m.user_id \
        AND s.revoked_at IS NULL AND s.expires_at > ?2 \
    WHERE j.value->>2 IS NULL OR s.id IS NOT NULL";
/// The chat's msg_no at a read cursor is that of the event there.
macro_rules! update {
    () => {
        "UPDATE members SET delivered_seq = max(delivered_seq, j.delivered), \
            read_seq = max(read_seq, j.read), read_no = coalesce((SELECT e.msg_no FROM events e \
            WHERE e.chat_id = members.chat_id AND e.seq = max(members.read_seq, j.read)), read_no) \
        FROM (SELECT unhex(value->>0) AS chat, unhex(value->>1) AS user, value->>2 AS delivered, \
            value->>3 AS read FROM json_each(?)) j \
        WHERE members.chat_id = j.chat AND members.user_id = j.user"
    };
}
pub(super) use update;
const MOVE: &str = update!();
/// What was read is told by the same call.
const READ: &str = concat!(update!(), "; ", outbox::insert!());

const WAITING: &str = "SELECT m.chat_id, m.user_id, m.delivered_seq, m.read_seq, c.last_seq, \
    c.last_seq AS delivered, 0 AS read FROM members m JOIN chats c ON c.id = m.chat_id \
    WHERE m.user_id = ? AND m.left_seq IS NULL AND m.delivered_seq < c.last_seq";

#[async_trait]
impl CursorStore for Sqlite {
    async fn move_cursors(&self, at: Timestamp, moves: &[Move]) -> StoreResult<Vec<Moved>> {
        let wanted: Vec<_> = moves
            .iter()
            .map(|step| {
                let session = step.session.map(|session| session.0.simple().to_string());
                let (chat, user) = (step.chat.0.simple(), step.user.0.simple());
                let (delivered, read) = (signed(step.delivered), signed(step.read));
                (chat.to_string(), user.to_string(), session, delivered, read)
            })
            .collect();
        let wanted = serde_json::to_string(&wanted).unwrap_or_default();
        let mut tx = self.begin_patiently().await?;
        let rows = sqlx::query(WANTED).bind(wanted).bind(at.0).fetch_all(&mut *tx).await;
        let moved = merge(row::all(&rows.map_err(failed)?, step).map_err(failed)?);
        write(&mut tx, at, &moved).await?;
        tx.commit().await?;
        Ok(moved)
    }

    async fn deliver_all(&self, user: UserId) -> StoreResult<Vec<Moved>> {
        let waiting = || sqlx::query(WAITING).bind(user.0);
        if waiting().fetch_optional(&self.readers).await.map_err(failed)?.is_none() {
            return Ok(Vec::new());
        }
        let mut tx = self.begin_patiently().await?;
        let rows = waiting().fetch_all(&mut *tx).await.map_err(failed)?;
        let moved = merge(row::all(&rows, step).map_err(failed)?);
        // Nothing is read by it, so there is nothing to tell and no time of it.
        write(&mut tx, Timestamp(0), &moved).await?;
        tx.commit().await?;
        Ok(moved)
    }
}

async fn write(tx: &mut Tx, at: Timestamp, moved: &[Moved]) -> StoreResult<()> {
    if moved.is_empty() {
        return Ok(());
    }
    let update = match told::extra(&told::reads(moved)) {
        Some(extra) => sqlx::query(READ).bind(as_json(moved)).bind(at.0).bind(extra),
        None => sqlx::query(MOVE).bind(as_json(moved)),
    };
    update.execute(&mut **tx).await.map(drop).map_err(failed)
}

/// Moves that are known to go forward, for `json_each`.
pub(super) fn as_json(moved: &[Moved]) -> String {
    let moves: Vec<_> = moved
        .iter()
        .map(|step| {
            let (chat, user) = (step.chat.0.simple(), step.user.0.simple());
            (chat.to_string(), user.to_string(), signed(step.delivered.1), signed(step.read.1))
        })
        .collect();
    serde_json::to_string(&moves).unwrap_or_default()
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
    let mut merged: HashMap<(ChatId, UserId), Moved> = HashMap::with_capacity(steps.len());
    for step in steps {
        let known = merged.entry((step.chat, step.user)).or_insert(step);
        known.delivered.1 = known.delivered.1.max(step.delivered.1);
        known.read.1 = known.read.1.max(step.read.1);
    }
    merged.into_values().filter(Moved::goes_on).collect()
}
