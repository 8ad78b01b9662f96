//! Appending a batch: a constant number of statements, one commit.
//!
//! Look (sessions, ids, chats, members, cursors) → decide and number (`numbering`, `receipt`) →
//! write (events, chats, cursors, one outbox row). Looking and writing are one call of the
//! driver each: its thread is a switch away, and the lane waits for every switch. A batch that
//! the database refuses is halved until the row it refuses stands alone.

use std::collections::HashSet;

use serde_json::{Value, json};
use sqlx::Row;
use sqlx::sqlite::SqliteRow;
use uuid::Uuid;
use zvon_core::delivery::store::Moved;
use zvon_core::message::LogEvent;
use zvon_core::message::store::{Append, Appended, Batch, MessageStore, SKIPPED};
use zvon_core::store::{StoreError, StoreResult};
use zvon_protocol::ids::{ChatId, UserId};
use zvon_protocol::time::Timestamp;

use super::log::Tx;
use super::numbering::{Finding, Head, Numbered, number};
use super::{Sqlite, cursor, failed};
use crate::receipt::{self, Cursors, Grown, Growth};
use crate::row;

/// One row for each row of the batch; then the cursors of whom it may concern.
const LOOK: &str = "SELECT j.key, s.id IS NOT NULL AS live, c.id IS NOT NULL AS chat_known, \
        c.last_seq AS head_seq, c.msg_no AS head_no, c.last_at AS head_at, \
        c.members AS head_members, m.user_id IS NOT NULL AS member, e.*, p.at AS pin_at, \
        p.by_user AS pin_by FROM json_each(?) j \
    LEFT JOIN sessions s ON s.id = unhex(j.value->>1) AND s.user_id = unhex(j.value->>2) \
        AND s.revoked_at IS NULL AND s.expires_at > ? \
    LEFT JOIN chats c ON c.id = unhex(j.value->>0) \
    LEFT JOIN members m ON m.chat_id = c.id AND m.user_id = unhex(j.value->>2) \
        AND m.left_seq IS NULL \
    LEFT JOIN events e ON e.id = unhex(j.value->>3) \
    LEFT JOIN pins p ON p.chat_id = e.chat_id AND p.seq = e.seq ORDER BY j.key; \
    SELECT m.chat_id, m.user_id, m.delivered_seq, m.read_seq FROM json_each(?) j \
    JOIN members m ON m.chat_id = unhex(j.value->>0) AND m.user_id = unhex(j.value->>1) \
        AND m.left_seq IS NULL";
const WRITE: &str = concat!(
    "INSERT INTO events (chat_id, seq, msg_no, at, kind, actor, id, content, client_id, \
        forwarded_from, original_sender) SELECT unhex(value->>0), value->>1, value->>2, \
        value->>3, 1, unhex(value->>4), unhex(value->>5), value->>6, value->>7, \
        unhex(value->>8), unhex(value->>9) FROM json_each(?); \
    UPDATE chats SET last_seq = j.seq, msg_no = j.no, last_at = j.at, last_message = j.seq \
        FROM (SELECT unhex(value->>0) AS id, value->>1 AS seq, value->>2 AS no, value->>3 AS at \
        FROM json_each(?)) j WHERE chats.id = j.id; ",
    cursor::update!(),
    "; INSERT INTO outbox (at, spans) VALUES (?, ?)"
);

/// Appends rows; halves the batch where the database refuses it.
pub(super) async fn append(store: &Sqlite, at: Timestamp, rows: &[Append]) -> StoreResult<Batch> {
    match attempt(store, at, rows).await {
        Err(StoreError::Broken(why)) if rows.len() == 1 => {
            tracing::warn!(why, "a row is refused by the database");
            Ok(Batch { verdicts: vec![Appended::Rejected], ..Batch::default() })
        }
        Err(StoreError::Broken(_)) => {
            let (left, right) = rows.split_at(rows.len() / 2);
            let mut batch = Box::pin(append(store, at, left)).await?;
            let rest = Box::pin(append(store, at, right)).await?;
            batch.verdicts.extend(rest.verdicts);
            batch.moved.extend(rest.moved);
            batch.skipped.extend(rest.skipped);
            Ok(batch)
        }
        done => done,
    }
}

async fn attempt(store: &Sqlite, at: Timestamp, rows: &[Append]) -> StoreResult<Batch> {
    if rows.is_empty() {
        return Ok(Batch::default());
    }
    let mut tx = store.begin().await?;
    let (findings, cursors) = look(&mut tx, at, rows).await?;
    let mut numbered = number(at, rows, &findings);
    if numbered.heads.is_empty() {
        tx.commit().await?;
        return Ok(Batch { verdicts: numbered.verdicts, ..Batch::default() });
    }
    let moved = receipt::moves(&cursors, &receipt::wishes(rows, &numbered.verdicts));
    let growth: Growth = numbered.heads.iter().map(grown).collect();
    receipt::mark_delivered(rows, &mut numbered.verdicts, &growth, &moved);
    write(&mut tx, at, rows, &numbered, &moved).await?;
    tx.commit().await?;
    let moved = receipt::passing_foreign(moved, rows, &numbered.verdicts, &growth);
    let skipped = skipped(store, rows, &numbered).await?;
    Ok(Batch { verdicts: numbered.verdicts, moved, skipped })
}

fn grown((chat, (start, _)): (&ChatId, &(Head, Head))) -> (ChatId, Grown) {
    (*chat, Grown { from: start.seq, members: start.members })
}

/// What lies between what the node knows of these chats and what goes in now. Where one node
/// writes, nothing does.
async fn skipped(
    store: &Sqlite,
    rows: &[Append],
    numbered: &Numbered,
) -> StoreResult<Vec<LogEvent>> {
    let mut skipped = Vec::new();
    for (chat, (start, _)) in &numbered.heads {
        let known = rows.iter().filter(|row| row.chat == *chat).filter_map(|row| row.known).max();
        let Some(known) = known.filter(|known| *known < start.seq) else { continue };
        if let Ok(count @ ..=SKIPPED) = u32::try_from(start.seq - known) {
            skipped.extend(store.events(*chat, known, count).await?);
        }
    }
    Ok(skipped)
}

async fn look(
    tx: &mut Tx,
    at: Timestamp,
    rows: &[Append],
) -> StoreResult<(Vec<Finding>, Vec<Cursors>)> {
    let hex = |id: Uuid| id.simple().to_string();
    let asked: Vec<_> = rows
        .iter()
        .map(|row| [row.chat.0, row.session.0, row.sender.0, row.id.0].map(hex))
        .collect();
    let concerned: HashSet<_> = rows
        .iter()
        .flat_map(|row| row.present.iter().chain([&row.sender]).map(|user| (row.chat, *user)))
        .collect();
    let concerned: Vec<_> =
        concerned.iter().map(|(chat, user)| [hex(chat.0), hex(user.0)]).collect();
    let asked = serde_json::to_string(&asked).unwrap_or_default();
    let concerned = serde_json::to_string(&concerned).unwrap_or_default();
    let found = sqlx::query(LOOK).bind(asked).bind(at.0).bind(concerned);
    let found = found.fetch_all(&mut **tx).await.map_err(failed)?;
    let (findings, cursors) = found.split_at_checked(rows.len()).unwrap_or((&found, &[]));
    let findings = row::all(findings, finding).map_err(failed)?;
    Ok((findings, row::all(cursors, cursors_of).map_err(failed)?))
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

fn cursors_of(found: &SqliteRow) -> Result<Cursors, sqlx::Error> {
    Ok(Cursors {
        chat: ChatId(row::id(found, "chat_id")?),
        user: UserId(row::id(found, "user_id")?),
        delivered: row::number(found, "delivered_seq")?,
        read: row::number(found, "read_seq")?,
    })
}

async fn write(
    tx: &mut Tx,
    at: Timestamp,
    rows: &[Append],
    numbered: &Numbered,
    moved: &[Moved],
) -> StoreResult<()> {
    let (mut heads, mut spans, mut newest) = (Vec::new(), Vec::new(), at);
    for (chat, (start, head)) in &numbered.heads {
        heads.push((chat.0.simple().to_string(), head.seq, head.msg_no, head.at.0));
        spans.push((*chat, start.seq + 1, head.seq));
        newest = newest.max(head.at);
    }
    sqlx::query(WRITE)
        .bind(events(rows, numbered))
        .bind(serde_json::to_string(&heads).unwrap_or_default())
        .bind(cursor::as_json(moved))
        .bind(newest.0)
        .bind(serde_json::to_string(&spans).unwrap_or_default())
        .execute(&mut **tx)
        .await
        .map_err(failed)?;
    Ok(())
}

/// The rows that go in, for `json_each`.
fn events(rows: &[Append], numbered: &Numbered) -> String {
    let hex = |id: Uuid| id.simple().to_string();
    let new = rows.iter().zip(&numbered.verdicts).filter_map(|(row, verdict)| match verdict {
        Appended::Stored { seq, msg_no, at, .. } => Some(json!([
            hex(row.chat.0),
            seq,
            msg_no,
            at.0,
            hex(row.sender.0),
            hex(row.id.0),
            row.content,
            row.client_id,
            row.forward.map(|forward| hex(forward.from.0)),
            row.forward.map(|forward| hex(forward.original_sender.0)),
        ])),
        _ => None,
    });
    Value::Array(new.collect()).to_string()
}
