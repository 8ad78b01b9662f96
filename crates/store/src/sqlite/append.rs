//! Appending a batch: a constant number of statements, one commit.
//!
//! Look (sessions, ids, chats, members) → decide and number (`numbering`) → insert → move the
//! chats on → move cursors → one outbox row. A batch that the database refuses is halved until
//! the row it refuses stands alone.

use std::collections::HashMap;

use serde_json::{Value, json};
use sqlx::Row;
use sqlx::sqlite::SqliteRow;
use zvon_core::delivery::store::Moved;
use zvon_core::message::store::{Append, Appended, Batch};
use zvon_core::store::{StoreError, StoreResult};
use zvon_protocol::ids::{ChatId, UserId};
use zvon_protocol::time::Timestamp;

use super::log::{self, Tx};
use super::numbering::{Finding, Head, Numbered, number, wishes};
use super::{Sqlite, cursor, failed, row};

const LOOK: &str = "SELECT j.key, s.id IS NOT NULL AS live, c.id IS NOT NULL AS chat_known, \
    c.last_seq AS head_seq, c.msg_no AS head_no, c.last_at AS head_at, c.members AS head_members, \
    m.user_id IS NOT NULL AS member, e.*, p.at AS pin_at, p.by_user AS pin_by FROM json_each(?1) j \
    LEFT JOIN sessions s ON s.id = unhex(j.value->>1) AND s.user_id = unhex(j.value->>2) \
        AND s.revoked_at IS NULL AND s.expires_at > ?2 \
    LEFT JOIN chats c ON c.id = unhex(j.value->>0) \
    LEFT JOIN members m ON m.chat_id = c.id AND m.user_id = unhex(j.value->>2) AND m.left_seq IS NULL \
    LEFT JOIN events e ON e.id = unhex(j.value->>3) \
    LEFT JOIN pins p ON p.chat_id = e.chat_id AND p.seq = e.seq ORDER BY j.key";
const INSERT: &str = "INSERT INTO events (chat_id, seq, msg_no, at, kind, actor, id, content, \
    client_id, forwarded_from, original_sender) SELECT unhex(value->>0), value->>1, value->>2, \
    value->>3, 1, unhex(value->>4), unhex(value->>5), value->>6, value->>7, unhex(value->>8), \
    unhex(value->>9) FROM json_each(?)";
const ADVANCE: &str = "UPDATE chats SET last_seq = j.seq, msg_no = j.no, last_at = j.at, \
    last_message = j.seq FROM (SELECT unhex(value->>0) AS id, value->>1 AS seq, value->>2 AS no, \
    value->>3 AS at FROM json_each(?)) j WHERE chats.id = j.id";
const CURSORS: &str = "SELECT m.chat_id, m.user_id, m.delivered_seq, m.read_seq \
    FROM json_each(?) j JOIN members m ON m.chat_id = unhex(j.value->>0) \
    AND m.user_id = unhex(j.value->>1) AND m.left_seq IS NULL";

/// Appends rows; halves the batch where the database refuses it.
pub(super) async fn append(store: &Sqlite, at: Timestamp, rows: &[Append]) -> StoreResult<Batch> {
    match attempt(store, at, rows).await {
        Err(StoreError::Broken(why)) if rows.len() == 1 => {
            tracing::warn!(why, "a row is refused by the database");
            Ok(Batch { verdicts: vec![Appended::Rejected], moved: Vec::new() })
        }
        Err(StoreError::Broken(_)) => {
            let (left, right) = rows.split_at(rows.len() / 2);
            let mut batch = Box::pin(append(store, at, left)).await?;
            let rest = Box::pin(append(store, at, right)).await?;
            batch.verdicts.extend(rest.verdicts);
            batch.moved.extend(rest.moved);
            Ok(batch)
        }
        done => done,
    }
}

async fn attempt(store: &Sqlite, at: Timestamp, rows: &[Append]) -> StoreResult<Batch> {
    let mut tx = store.begin().await?;
    let findings = look(&mut tx, at, rows).await?;
    let mut numbered = number(at, rows, &findings);
    if numbered.heads.is_empty() {
        return Ok(Batch { verdicts: numbered.verdicts, moved: Vec::new() });
    }
    insert(&mut tx, rows, &numbered).await?;
    let spans = advance(&mut tx, &numbered).await?;
    let moved = move_cursors(&mut tx, rows, &mut numbered).await?;
    let newest = numbered.heads.values().map(|(_, head)| head.at).max().unwrap_or(at);
    log::outbox(&mut tx, newest, &spans).await?;
    tx.commit().await.map_err(failed)?;
    Ok(Batch { verdicts: numbered.verdicts, moved })
}

async fn look(tx: &mut Tx, at: Timestamp, rows: &[Append]) -> StoreResult<Vec<Finding>> {
    let asked: Vec<_> = rows
        .iter()
        .map(|row| {
            [row.chat.0, row.session.0, row.sender.0, row.id.0].map(|id| id.simple().to_string())
        })
        .collect();
    let asked = serde_json::to_string(&asked).unwrap_or_default();
    let found = sqlx::query(LOOK).bind(asked).bind(at.0).fetch_all(&mut **tx).await;
    row::all(&found.map_err(failed)?, finding).map_err(failed)
}

fn finding(found: &SqliteRow) -> Result<Finding, sqlx::Error> {
    let known = found.try_get::<Option<i64>, _>("seq")?.is_some();
    let head = match found.try_get::<bool, _>("chat_known")? {
        false => None,
        true => Some(Head {
            seq: row::number(found, "head_seq")?,
            msg_no: row::number(found, "head_no")?,
            at: row::time(found, "head_at")?,
            members: row::number(found, "head_members")?,
        }),
    };
    Ok(Finding {
        live: found.try_get("live")?,
        known: if known { Some(row::message(found)?) } else { None },
        head,
        member: found.try_get("member")?,
    })
}

async fn insert(tx: &mut Tx, rows: &[Append], numbered: &Numbered) -> StoreResult<()> {
    let new: Vec<Value> = rows
        .iter()
        .zip(&numbered.verdicts)
        .filter_map(|(row, verdict)| match verdict {
            Appended::Stored { seq, msg_no, at, .. } => Some(json!([
                row.chat.0.simple().to_string(),
                seq,
                msg_no,
                at.0,
                row.sender.0.simple().to_string(),
                row.id.0.simple().to_string(),
                row.content,
                row.client_id,
                row.forward.map(|forward| forward.from.0.simple().to_string()),
                row.forward.map(|forward| forward.original_sender.0.simple().to_string()),
            ])),
            _ => None,
        })
        .collect();
    let new = Value::Array(new).to_string();
    sqlx::query(INSERT).bind(new).execute(&mut **tx).await.map_err(failed)?;
    Ok(())
}

async fn advance(tx: &mut Tx, numbered: &Numbered) -> StoreResult<Vec<(ChatId, u64, u64)>> {
    let (mut heads, mut spans) = (Vec::new(), Vec::new());
    for (chat, (start, head)) in &numbered.heads {
        heads.push((chat.0.simple().to_string(), head.seq, head.msg_no, head.at.0));
        spans.push((*chat, start.seq + 1, head.seq));
    }
    let heads = serde_json::to_string(&heads).unwrap_or_default();
    sqlx::query(ADVANCE).bind(heads).execute(&mut **tx).await.map_err(failed)?;
    Ok(spans)
}

/// Moves the senders' cursors and those of who looks on; says which messages are delivered to
/// everybody by that, and which cursors passed somebody else's message.
async fn move_cursors(
    tx: &mut Tx,
    rows: &[Append],
    numbered: &mut Numbered,
) -> StoreResult<Vec<Moved>> {
    let wishes = wishes(rows, &numbered.verdicts);
    let asked: Vec<_> = wishes
        .keys()
        .map(|(chat, user)| [chat.0, user.0].map(|id| id.simple().to_string()))
        .collect();
    let asked = serde_json::to_string(&asked).unwrap_or_default();
    let found = sqlx::query(CURSORS).bind(asked).fetch_all(&mut **tx).await.map_err(failed)?;
    let mut moved = Vec::new();
    let mut reached: HashMap<ChatId, Vec<UserId>> = HashMap::new();
    for found in &found {
        let step = step(found, &wishes).map_err(failed)?;
        reached.entry(step.chat).or_default().push(step.user);
        moved.push(step);
    }
    cursor::write(tx, &moved).await?;
    mark_delivered(rows, numbered, &reached);
    moved.retain(|step| passes_foreign(step, rows, numbered));
    Ok(moved)
}

fn step(
    found: &SqliteRow,
    wishes: &HashMap<(ChatId, UserId), (u64, u64)>,
) -> Result<Moved, sqlx::Error> {
    let (chat, user) = (ChatId(row::id(found, "chat_id")?), UserId(row::id(found, "user_id")?));
    let (delivered, read) = (row::number(found, "delivered_seq")?, row::number(found, "read_seq")?);
    let (to_delivered, to_read) = wishes.get(&(chat, user)).copied().unwrap_or_default();
    let to_read = read.max(to_read);
    let to_delivered = delivered.max(to_delivered).max(to_read);
    Ok(Moved { chat, user, delivered: (delivered, to_delivered), read: (read, to_read) })
}

fn mark_delivered(
    rows: &[Append],
    numbered: &mut Numbered,
    reached: &HashMap<ChatId, Vec<UserId>>,
) {
    for (row, verdict) in rows.iter().zip(&mut numbered.verdicts) {
        let Appended::Stored { delivered, .. } = verdict else { continue };
        let Some((_, head)) = numbered.heads.get(&row.chat) else { continue };
        let here = reached.get(&row.chat).map_or(&[][..], Vec::as_slice);
        let others = here.iter().filter(|user| row.present.contains(user)).count() as u64;
        *delivered = head.members > 1 && others == head.members - 1;
    }
}

/// Whether a cursor passed a message that its owner did not send: one that was there before, or
/// another's of this batch.
fn passes_foreign(step: &Moved, rows: &[Append], numbered: &Numbered) -> bool {
    let Some((start, _)) = numbered.heads.get(&step.chat) else { return false };
    let before = step.delivered.0.min(step.read.0) < start.seq;
    let within = |(row, verdict): (&Append, &Appended)| {
        let seq = match verdict {
            Appended::Stored { seq, .. } => *seq,
            _ => return false,
        };
        row.chat == step.chat
            && row.sender != step.user
            && (step.delivered.0 < seq && seq <= step.delivered.1
                || step.read.0 < seq && seq <= step.read.1)
    };
    before || rows.iter().zip(&numbered.verdicts).any(within)
}
