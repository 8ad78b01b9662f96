//! Messages and events that others refer to: by identity, by place, by stretches of a log.

use std::collections::HashMap;

use sqlx::postgres::PgRow;
use zvon_core::message::{LogEvent, MessageRow};
use zvon_core::outbox::store::{Passed, Stretch, Told};
use zvon_core::store::StoreResult;
use zvon_protocol::ids::{ChatId, MessageId};

use super::failed;
use super::line::{Ask, Line};
use super::message::messages;
use crate::expired;
use crate::row::{self, Columns, signed};

macro_rules! events {
    ($from:literal, $rest:literal) => {
        concat!(
            "SELECT e.*, p.at AS pin_at, p.by_user AS pin_by, \
             (SELECT u.name FROM users u WHERE u.id = e.subject) AS subject_name FROM ",
            $from,
            " LEFT JOIN pins p ON p.chat_id = e.chat_id AND p.seq = e.seq ",
            $rest
        )
    };
}

const BY_IDS: &str = messages!("WHERE e.id = ANY ($1)");
const AT: &str = "SELECT e.*, p.at AS pin_at, p.by_user AS pin_by \
    FROM unnest($1::uuid[], $2::bigint[]) j (chat, seq) \
    JOIN events e ON e.chat_id = j.chat AND e.seq = j.seq AND e.kind = 1 \
    LEFT JOIN pins p ON p.chat_id = e.chat_id AND p.seq = e.seq";
const EVENTS: &str =
    events!("events e", "WHERE e.chat_id = $1 AND e.seq > $2 ORDER BY e.seq LIMIT $3");
const SPANS: &str = events!(
    "unnest($1::uuid[], $2::bigint[], $3::bigint[]) s (chat, after, upto) \
     JOIN events e ON e.chat_id = s.chat AND e.seq > s.after AND e.seq <= s.upto",
    "ORDER BY e.chat_id, e.seq"
);
/// Forced to walk the stretches, each by the log's key.
const TOLD: &str = "SELECT e.*, NULL::bigint AS pin_at, NULL::uuid AS pin_by, \
    NULL::text AS subject_name, \
    CASE WHEN e.kind = 0 THEN (SELECT c.kind FROM chats c WHERE c.id = e.chat_id) END AS chat_kind, \
    CASE WHEN e.forwarded_from IS NOT NULL THEN (SELECT x.chat_id FROM events x \
        WHERE x.id = e.forwarded_from) END AS from_chat \
    FROM unnest($1::uuid[], $2::bigint[], $3::bigint[]) s (chat, after, upto) \
    CROSS JOIN LATERAL (SELECT * FROM events v WHERE v.chat_id = s.chat AND v.seq > s.after \
        AND v.seq <= s.upto AND ($4 OR v.kind <> 1) OFFSET 0) e";
const PASSED_IN: &str = "SELECT e.* FROM unnest($1::uuid[], $2::bigint[], $3::bigint[]) \
    s (chat, after, upto) CROSS JOIN LATERAL (SELECT v.chat_id, v.id, v.seq, v.actor FROM events v \
    WHERE v.chat_id = s.chat AND v.seq > s.after AND v.seq <= s.upto AND v.kind = 1 OFFSET 0) e";
const EMPTIED_IN: &str = "SELECT e.* FROM unnest($1::uuid[], $2::bigint[], $3::bigint[]) \
    s (chat, after, upto) CROSS JOIN LATERAL (SELECT v.chat_id, v.id, v.seq, v.actor FROM events v \
    WHERE v.chat_id = s.chat AND v.seq > s.after AND v.seq <= s.upto AND v.kind = 10 OFFSET 0) e";

/// Events with `after < seq`, ascending, at most `limit`.
pub(super) async fn events(
    line: &Line,
    chat: ChatId,
    after: u64,
    limit: u32,
) -> StoreResult<Vec<LogEvent>> {
    let events = sqlx::query(EVENTS).bind(chat.0).bind(signed(after)).bind(i64::from(limit));
    with_targets(line, events, row::event).await
}

/// The messages of these ids.
pub(super) async fn by_ids(
    line: &Line,
    ids: &[MessageId],
) -> StoreResult<HashMap<MessageId, MessageRow>> {
    let ids: Vec<_> = ids.iter().map(|id| id.0).collect();
    let rows = line.rows(sqlx::query(BY_IDS).bind(ids)).await.map_err(failed)?;
    let found = row::all(&rows, row::message).map_err(failed)?;
    Ok(found.into_iter().map(|message| (message.id, message)).collect())
}

/// The events of these stretches (chat, seq before, last seq), ascending in each chat.
pub(super) async fn spans(line: &Line, spans: &[(ChatId, u64, u64)]) -> StoreResult<Vec<LogEvent>> {
    let stretch = |(chat, after, upto): &(ChatId, u64, u64)| Stretch {
        chat: *chat,
        after: *after,
        upto: *upto,
    };
    let stretches: Vec<_> = spans.iter().map(stretch).collect();
    with_targets(line, within(SPANS, &stretches), row::event).await
}

/// What is told of the events of these stretches.
pub(super) async fn told(
    line: &Line,
    stretches: &[Stretch],
    messages: bool,
) -> StoreResult<Vec<Told>> {
    let mut told = with_targets(line, within(TOLD, stretches).bind(messages), row::told).await?;
    let expired = expired::stretches(&told);
    if !expired.is_empty() {
        let emptied = line.rows(within(EMPTIED_IN, &expired)).await.map_err(failed)?;
        expired::fill(&mut told, row::all(&emptied, row::passed_in).map_err(failed)?);
    }
    Ok(told)
}

/// The messages of these stretches.
pub(super) async fn passed_in(line: &Line, stretches: &[Stretch]) -> StoreResult<Vec<Passed>> {
    let rows = line.rows(within(PASSED_IN, stretches)).await.map_err(failed)?;
    row::all(&rows, row::passed_in).map_err(failed)
}

fn within(sql: &'static str, stretches: &[Stretch]) -> Ask<'static> {
    let chats: Vec<_> = stretches.iter().map(|stretch| stretch.chat.0).collect();
    let after: Vec<_> = stretches.iter().map(|stretch| signed(stretch.after)).collect();
    let upto: Vec<_> = stretches.iter().map(|stretch| signed(stretch.upto)).collect();
    sqlx::query(sql).bind(chats).bind(after).bind(upto)
}

/// Events, those about a message with it.
async fn with_targets<T>(
    line: &Line,
    ask: Ask<'_>,
    make: impl Fn(&PgRow, Option<MessageRow>) -> Result<T, sqlx::Error>,
) -> StoreResult<Vec<T>> {
    let rows = line.rows(ask).await.map_err(failed)?;
    let target = |found: &PgRow| {
        let seq = found.int("target_seq")?.map(row::unsigned).transpose()?;
        seq.map(|seq| Ok((ChatId(row::id(found, "chat_id")?), seq))).transpose()
    };
    let targets = row::all(&rows, target).map_err(failed)?;
    let wanted: Vec<_> = targets.iter().flatten().copied().collect();
    let about = at(line, &wanted).await?;
    let event = |(found, target): (&PgRow, &Option<(ChatId, u64)>)| {
        make(found, target.and_then(|place| about.get(&place).cloned()))
    };
    rows.iter().zip(&targets).map(event).collect::<Result<_, _>>().map_err(failed)
}

/// The messages at these places.
pub(super) async fn at(
    line: &Line,
    places: &[(ChatId, u64)],
) -> StoreResult<HashMap<(ChatId, u64), MessageRow>> {
    if places.is_empty() {
        return Ok(HashMap::new());
    }
    let chats: Vec<_> = places.iter().map(|(chat, _)| chat.0).collect();
    let seqs: Vec<_> = places.iter().map(|(_, seq)| signed(*seq)).collect();
    let rows = line.rows(sqlx::query(AT).bind(chats).bind(seqs)).await.map_err(failed)?;
    let found = row::all(&rows, row::message).map_err(failed)?;
    Ok(found.into_iter().map(|message| ((message.chat, message.seq), message)).collect())
}
