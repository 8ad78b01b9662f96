//! Appending a batch: one call of a function of the database, which is one transaction. It is the
//! quick one (`whole`); if that finds something in the batch that may not go in, another call
//! (`batch`) says of each row why, and appends the others.
//!
//! Here is what their answer means. What a repeated row repeats and what lies
//! between is read after the commit, when no lock is held any more; both can only be there by then.
//! A batch that the database refuses is halved until the row it refuses stands alone.

use std::collections::{HashMap, HashSet};

use sqlx::Error;
use zvon_core::message::store::{Append, Appended, Batch, SKIPPED};
use zvon_core::message::{LogEvent, MessageRow};
use zvon_core::store::{Denied, StoreResult};
use zvon_protocol::ids::{ChatId, MessageId};
use zvon_protocol::time::Timestamp;

use super::batch::{Answer, call};
use super::{Postgres, failed, is_refusal, lookup, whole};
use crate::receipt::{self, Growth};

/// Appends rows; halves the batch where the database refuses it.
pub(super) async fn append(store: &Postgres, at: Timestamp, rows: &[Append]) -> StoreResult<Batch> {
    if rows.is_empty() {
        return Ok(Batch::default());
    }
    let mut answer = match whole::call(store, at, rows).await {
        Ok(Some(answer)) => Ok(answer),
        Ok(None) => call(store, at, rows).await,
        Err(error) => Err(error),
    };
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
    if ids.is_empty() { Ok(HashMap::new()) } else { lookup::by_ids(&store.send, &ids).await }
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
    if spans.is_empty() { Ok(Vec::new()) } else { lookup::spans(&store.send, &spans).await }
}
