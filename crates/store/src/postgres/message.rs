//! Reading the log on PostgreSQL, and the way in for what is written.

use std::collections::HashMap;

use async_trait::async_trait;
use sqlx::postgres::PgRow;
use zvon_core::chat::store::Author;
use zvon_core::message::store::{Append, Batch, MessageStore, Page};
use zvon_core::message::{LogEvent, MessageRow};
use zvon_core::store::{StoreResult, Verdict};
use zvon_protocol::ids::{ChatId, MessageId, UserId};
use zvon_protocol::time::Timestamp;

use super::line::{Ask, Line};
use super::{Postgres, append, failed, pin};
use crate::row::{self, Columns, signed};

macro_rules! messages {
    ($rest:literal) => {
        concat!(
            "SELECT e.*, p.at AS pin_at, p.by_user AS pin_by FROM events e \
             LEFT JOIN pins p ON p.chat_id = e.chat_id AND p.seq = e.seq ",
            $rest
        )
    };
}
pub(super) use messages;

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

const HEADS: &str = "SELECT id, last_seq FROM chats WHERE id = ANY ($1)";
const BY_ID: &str = messages!("WHERE e.id = $1");
const BY_IDS: &str = messages!("WHERE e.id = ANY ($1)");
const BEFORE: &str =
    messages!("WHERE e.chat_id = $1 AND e.seq < $2 AND e.kind = 1 ORDER BY e.seq DESC LIMIT $3");
const AFTER: &str =
    messages!("WHERE e.chat_id = $1 AND e.seq > $2 AND e.kind = 1 ORDER BY e.seq LIMIT $3");
const AT: &str = "SELECT e.*, p.at AS pin_at, p.by_user AS pin_by \
    FROM unnest($1::uuid[], $2::bigint[]) j (chat, seq) \
    JOIN events e ON e.chat_id = j.chat AND e.seq = j.seq \
    LEFT JOIN pins p ON p.chat_id = e.chat_id AND p.seq = e.seq";
const EVENTS: &str =
    events!("events e", "WHERE e.chat_id = $1 AND e.seq > $2 ORDER BY e.seq LIMIT $3");
const SPANS: &str = events!(
    "unnest($1::uuid[], $2::bigint[], $3::bigint[]) s (chat, after, upto) \
     JOIN events e ON e.chat_id = s.chat AND e.seq > s.after AND e.seq <= s.upto",
    "ORDER BY e.chat_id, e.seq"
);
const PASSED: &str = "SELECT id, seq, actor FROM events WHERE chat_id = $1 AND seq > $2 \
    AND seq <= $3 AND kind = 1 ORDER BY seq DESC LIMIT $4";
const SENT_BY: &str = "SELECT id, seq FROM events WHERE chat_id = $1 AND actor = $2 AND kind = 1 \
    ORDER BY seq DESC LIMIT $3";

#[async_trait]
impl MessageStore for Postgres {
    async fn append(&self, at: Timestamp, rows: &[Append]) -> StoreResult<Batch> {
        append::append(self, at, rows).await
    }

    async fn heads(&self, chats: &[ChatId]) -> StoreResult<Vec<(ChatId, u64)>> {
        let chats: Vec<_> = chats.iter().map(|chat| chat.0).collect();
        let rows = self.read.rows(sqlx::query(HEADS).bind(chats)).await.map_err(failed)?;
        row::all(&rows, row::head).map_err(failed)
    }

    async fn message(&self, id: MessageId) -> StoreResult<Option<MessageRow>> {
        let found = self.read.optional(sqlx::query(BY_ID).bind(id.0)).await.map_err(failed)?;
        found.as_ref().map(row::message).transpose().map_err(failed)
    }

    async fn page(&self, chat: ChatId, page: Page, limit: u32) -> StoreResult<Vec<MessageRow>> {
        match page {
            Page::Newest => self.before(chat, u64::MAX, limit).await,
            Page::Before(seq) => self.before(chat, seq, limit).await,
            Page::After(seq) => self.after(chat, seq, limit).await,
            Page::Around(seq) => {
                let mut rows = self.before(chat, seq.saturating_add(1), limit.div_ceil(2)).await?;
                rows.extend(self.after(chat, seq, limit / 2).await?);
                Ok(rows)
            }
        }
    }

    async fn events(&self, chat: ChatId, after: u64, limit: u32) -> StoreResult<Vec<LogEvent>> {
        let events = sqlx::query(EVENTS).bind(chat.0).bind(signed(after)).bind(i64::from(limit));
        with_targets(&self.read, events).await
    }

    async fn passed(
        &self,
        chat: ChatId,
        after: u64,
        upto: u64,
        limit: u32,
    ) -> StoreResult<Vec<(MessageId, u64, UserId)>> {
        let passed = sqlx::query(PASSED).bind(chat.0).bind(signed(after)).bind(signed(upto));
        let rows = self.read.rows(passed.bind(i64::from(limit))).await.map_err(failed)?;
        let mut all = row::all(&rows, row::passed).map_err(failed)?;
        all.reverse();
        Ok(all)
    }

    async fn sent_by(
        &self,
        chat: ChatId,
        sender: UserId,
        limit: u32,
    ) -> StoreResult<Vec<(MessageId, u64)>> {
        let sent = sqlx::query(SENT_BY).bind(chat.0).bind(sender.0).bind(i64::from(limit));
        let rows = self.read.rows(sent).await.map_err(failed)?;
        let mut all = row::all(&rows, row::place).map_err(failed)?;
        all.reverse();
        Ok(all)
    }

    async fn pin(&self, author: Author, id: MessageId, max: u32) -> StoreResult<Verdict<LogEvent>> {
        pin::set(self.rest.begin().await?, author, id, Some(max)).await
    }

    async fn unpin(&self, author: Author, id: MessageId) -> StoreResult<Verdict<LogEvent>> {
        pin::set(self.rest.begin().await?, author, id, None).await
    }

    async fn pinned(&self, chat: ChatId) -> StoreResult<Vec<MessageRow>> {
        pin::all(&self.read, chat).await
    }
}

impl Postgres {
    async fn before(&self, chat: ChatId, seq: u64, limit: u32) -> StoreResult<Vec<MessageRow>> {
        let page = sqlx::query(BEFORE).bind(chat.0).bind(signed(seq)).bind(i64::from(limit));
        let rows = self.read.rows(page).await.map_err(failed)?;
        let mut page = row::all(&rows, row::message).map_err(failed)?;
        page.reverse();
        Ok(page)
    }

    async fn after(&self, chat: ChatId, seq: u64, limit: u32) -> StoreResult<Vec<MessageRow>> {
        let page = sqlx::query(AFTER).bind(chat.0).bind(signed(seq)).bind(i64::from(limit));
        let rows = self.read.rows(page).await.map_err(failed)?;
        row::all(&rows, row::message).map_err(failed)
    }
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
    let chats: Vec<_> = spans.iter().map(|(chat, ..)| chat.0).collect();
    let after: Vec<_> = spans.iter().map(|(_, after, _)| signed(*after)).collect();
    let upto: Vec<_> = spans.iter().map(|(.., upto)| signed(*upto)).collect();
    with_targets(line, sqlx::query(SPANS).bind(chats).bind(after).bind(upto)).await
}

/// Events, those about a message with it.
async fn with_targets(line: &Line, ask: Ask<'_>) -> StoreResult<Vec<LogEvent>> {
    let rows = line.rows(ask).await.map_err(failed)?;
    let target = |found: &PgRow| {
        let seq = found.int("target_seq")?.map(row::unsigned).transpose()?;
        seq.map(|seq| Ok((ChatId(row::id(found, "chat_id")?), seq))).transpose()
    };
    let targets = row::all(&rows, target).map_err(failed)?;
    let wanted: Vec<_> = targets.iter().flatten().copied().collect();
    let about = at(line, &wanted).await?;
    let event = |(found, target): (&PgRow, &Option<(ChatId, u64)>)| {
        row::event(found, target.and_then(|place| about.get(&place).cloned()))
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
