//! Appending a batch: one call of the database's function (`migrations/postgres/0002_append.sql`),
//! which is one transaction.
//!
//! Here are its arguments and what its answer means. What a repeated row repeats and what lies
//! between is read after the commit, when no lock is held any more; both can only be there by then.
//! A batch that the database refuses is halved until the row it refuses stands alone.
//!
//! A pooler would need a transaction around a prepared statement, and the chats would be locked
//! until the client's COMMIT. There the arguments go as one literal whose letters are 0-9a-f.

use std::collections::{HashMap, HashSet};
use std::fmt::Write;

use serde_json::json;
use sqlx::postgres::PgRow;
use sqlx::{Error, Row};
use uuid::Uuid;
use zvon_core::delivery::store::Moved;
use zvon_core::message::store::{Append, Appended, Batch, SKIPPED};
use zvon_core::message::{LogEvent, MessageRow};
use zvon_core::store::{Denied, StoreResult};
use zvon_protocol::ids::{ChatId, MessageId, UserId};
use zvon_protocol::time::Timestamp;

use super::{Postgres, failed, is_refusal, message};
use crate::receipt::{self, Grown, Growth};
use crate::row::unsigned;

const CALL: &str = "SELECT * FROM append_v1($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";

/// Appends rows; halves the batch where the database refuses it.
pub(super) async fn append(store: &Postgres, at: Timestamp, rows: &[Append]) -> StoreResult<Batch> {
    if rows.is_empty() {
        return Ok(Batch::default());
    }
    let mut answer = call(store, at, rows).await;
    if answer.as_ref().is_err_and(is_taken) {
        // Its id went into another chat while this one waited; now it can be seen.
        answer = call(store, at, rows).await;
    }
    match answer {
        Ok(answer) => finish(store, rows, answer).await,
        Err(error) if is_refusal(&error) && rows.len() == 1 => {
            tracing::warn!(%error, "a row is refused by the database");
            Ok(Batch { verdicts: vec![Appended::Rejected], ..Batch::default() })
        }
        Err(error) if is_refusal(&error) => {
            let (left, right) = rows.split_at(rows.len() / 2);
            let mut batch = Box::pin(append(store, at, left)).await?;
            let rest = Box::pin(append(store, at, right)).await?;
            batch.verdicts.extend(rest.verdicts);
            batch.moved.extend(rest.moved);
            batch.skipped.extend(rest.skipped);
            Ok(batch)
        }
        Err(error) => Err(failed(error)),
    }
}

fn is_taken(error: &Error) -> bool {
    error.as_database_error().is_some_and(sqlx::error::DatabaseError::is_unique_violation)
}

async fn call(store: &Postgres, at: Timestamp, rows: &[Append]) -> Result<Answer, Error> {
    let found = if store.send.is_pooled() {
        let packed = pack(at, rows);
        store.send.run(format!("SELECT * FROM append_packed_v1('{packed}')")).await?
    } else {
        let uuids = |of: fn(&Append) -> Uuid| rows.iter().map(of).collect::<Vec<_>>();
        let from: Vec<_> = rows.iter().map(|row| row.forward.map(|from| from.from.0)).collect();
        let original = rows.iter().map(|row| row.forward.map(|from| from.original_sender.0));
        let (lines, present): (Vec<_>, Vec<_>) = present(rows).unzip();
        let call = sqlx::query(CALL)
            .bind(at.0)
            .bind(uuids(|row| row.chat.0))
            .bind(uuids(|row| row.session.0))
            .bind(uuids(|row| row.sender.0))
            .bind(uuids(|row| row.id.0))
            .bind(rows.iter().map(|row| row.client_id.as_deref()).collect::<Vec<_>>())
            .bind(rows.iter().map(|row| row.content.as_str()).collect::<Vec<_>>())
            .bind(from)
            .bind(original.collect::<Vec<_>>())
            .bind(lines)
            .bind(present);
        store.send.rows(call).await?
    };
    answer(found.first().ok_or(Error::RowNotFound)?)
}

/// Who looks on, by the row's number from 1.
fn present(rows: &[Append]) -> impl Iterator<Item = (i64, Uuid)> {
    (1..).zip(rows).flat_map(|(line, row)| row.present.iter().map(move |user| (line, user.0)))
}

/// The arguments as JSON, its bytes as hex.
fn pack(at: Timestamp, rows: &[Append]) -> String {
    let lines: Vec<_> = rows
        .iter()
        .map(|row| {
            json!({
                "chat": row.chat.0, "session": row.session.0, "usr": row.sender.0, "id": row.id.0,
                "client": row.client_id, "content": row.content,
                "source": row.forward.map(|from| from.from.0),
                "original": row.forward.map(|from| from.original_sender.0),
            })
        })
        .collect();
    let (numbers, users): (Vec<_>, Vec<_>) = present(rows).unzip();
    let all = json!({ "at": at.0, "rows": lines, "numbers": numbers, "users": users });
    let text = all.to_string();
    let mut packed = String::with_capacity(text.len() * 2);
    for byte in text.bytes() {
        let _ = write!(packed, "{byte:02x}");
    }
    packed
}

/// What the function answers.
struct Answer {
    /// Per row: 1 revoked, 2 known, 3 no chat, 4 no member, 5 twin, 0 in.
    verdicts: Vec<i64>,
    /// Per row that went in: its place, number and time.
    places: Vec<Option<(u64, u64, Timestamp)>>,
    growth: Growth,
    moved: Vec<Moved>,
}

fn answer(found: &PgRow) -> Result<Answer, Error> {
    let ints = |column: &str| found.try_get::<Option<Vec<i64>>, _>(column);
    let counts = |column: &str| -> Result<Vec<u64>, Error> {
        ints(column)?.unwrap_or_default().into_iter().map(unsigned).collect()
    };
    let uuids = |column: &str| -> Result<Vec<Uuid>, Error> {
        Ok(found.try_get::<Option<Vec<Uuid>>, _>(column)?.unwrap_or_default())
    };
    let maybe = |column: &str| found.try_get::<Vec<Option<i64>>, _>(column);
    let place = |((seq, no), at): ((Option<i64>, Option<i64>), Option<i64>)| match (seq, no, at) {
        (Some(seq), Some(no), Some(at)) => Ok(Some((unsigned(seq)?, unsigned(no)?, Timestamp(at)))),
        _ => Ok(None),
    };
    let places = maybe("seqs")?.into_iter().zip(maybe("nos")?).zip(maybe("ats")?).map(place);
    let grown = |((chat, from), members)| (ChatId(chat), Grown { from, members });
    let growth = uuids("chats")?.into_iter().zip(counts("starts")?).zip(counts("sizes")?);
    let users = uuids("moved_chats")?.into_iter().zip(uuids("moved_users")?);
    let delivered = counts("delivered_from")?.into_iter().zip(counts("delivered_to")?);
    let read = counts("read_from")?.into_iter().zip(counts("read_to")?);
    let moved = users.zip(delivered.zip(read)).map(|((chat, user), (delivered, read))| Moved {
        chat: ChatId(chat),
        user: UserId(user),
        delivered,
        read,
    });
    Ok(Answer {
        verdicts: ints("verdicts")?.unwrap_or_default(),
        places: places.collect::<Result<_, Error>>()?,
        growth: growth.map(grown).collect(),
        moved: moved.collect(),
    })
}

/// The answer as the seam's, with what is read after the commit.
async fn finish(store: &Postgres, rows: &[Append], answer: Answer) -> StoreResult<Batch> {
    let known = known(store, rows, &answer).await?;
    let mut new: HashMap<MessageId, MessageRow> = HashMap::new();
    let mut verdicts = Vec::with_capacity(rows.len());
    for ((row, code), place) in rows.iter().zip(&answer.verdicts).zip(&answer.places) {
        verdicts.push(match (*code, *place) {
            (0, Some((seq, msg_no, at))) => {
                if answer.verdicts.contains(&5) {
                    new.insert(row.id, row.stored(seq, msg_no, at));
                }
                Appended::Stored { seq, msg_no, at, delivered: false }
            }
            (2, _) => repeated(row, known.get(&row.id)),
            (3, _) => Appended::Denied(Denied::NoChat),
            (4, _) => Appended::Denied(Denied::NotAMember),
            (5, _) => repeated(row, new.get(&row.id)),
            _ => Appended::Denied(Denied::Revoked),
        });
    }
    receipt::mark_delivered(rows, &mut verdicts, &answer.growth, &answer.moved);
    let moved = receipt::passing_foreign(answer.moved, rows, &verdicts, &answer.growth);
    let skipped = skipped(store, rows, &verdicts, &answer.growth).await?;
    Ok(Batch { verdicts, moved, skipped })
}

fn repeated(row: &Append, known: Option<&MessageRow>) -> Appended {
    match known {
        Some(known) if known.chat == row.chat => Appended::Repeated(known.clone()),
        _ => Appended::Elsewhere,
    }
}

/// The messages that rows repeat.
async fn known(
    store: &Postgres,
    rows: &[Append],
    answer: &Answer,
) -> StoreResult<HashMap<MessageId, MessageRow>> {
    let ids = rows.iter().zip(&answer.verdicts).filter(|(_, code)| **code == 2);
    let ids: Vec<_> = ids.map(|(row, _)| row.id).collect();
    if ids.is_empty() { Ok(HashMap::new()) } else { message::by_ids(&store.send, &ids).await }
}

/// What lies between what the node knows of the chats that grew and what went in now.
async fn skipped(
    store: &Postgres,
    rows: &[Append],
    verdicts: &[Appended],
    growth: &Growth,
) -> StoreResult<Vec<LogEvent>> {
    let stored = rows.iter().zip(verdicts);
    let stored = stored.filter(|(_, verdict)| matches!(verdict, Appended::Stored { .. }));
    let grown: HashSet<ChatId> = stored.map(|(row, _)| row.chat).collect();
    let mut known: HashMap<ChatId, u64> = HashMap::new();
    for row in rows.iter().filter(|row| grown.contains(&row.chat)) {
        if let Some(seq) = row.known {
            let known = known.entry(row.chat).or_default();
            *known = (*known).max(seq);
        }
    }
    let span = |(chat, after): (&ChatId, &u64)| {
        let upto = growth.get(chat)?.from;
        let few = *after < upto && upto - after <= u64::from(SKIPPED);
        few.then_some((*chat, *after, upto))
    };
    let spans: Vec<_> = known.iter().filter_map(span).collect();
    if spans.is_empty() { Ok(Vec::new()) } else { message::spans(&store.send, &spans).await }
}
