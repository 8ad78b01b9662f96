//! Reading the log on SQLite, and the way in for what is written.

use std::collections::HashMap;

use async_trait::async_trait;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqlitePool};
use zvon_core::chat::store::Author;
use zvon_core::message::store::{Append, Batch, MessageStore, Page, Pinned};
use zvon_core::message::{LogEvent, MessageRow};
use zvon_core::outbox::store::{Passed, Stretch, Told};
use zvon_core::store::{StoreResult, Verdict};
use zvon_protocol::ids::{ChatId, MessageId, UserId};
use zvon_protocol::time::Timestamp;

use super::{Sqlite, append, failed, log, pin};
use crate::expired;
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

const HEADS: &str =
    "SELECT id, last_seq FROM chats WHERE id IN (SELECT unhex(value) FROM json_each(?))";
const BY_ID: &str = messages!("WHERE e.id = ? AND e.kind = 1");
/// What expired is not walked through.
const BEFORE: &str = messages!(
    "WHERE e.chat_id = ?1 AND e.seq < ?2 AND e.seq > (SELECT c.expired_seq FROM chats c \
     WHERE c.id = ?1) AND e.kind = 1 ORDER BY e.seq DESC LIMIT ?3"
);
const AFTER: &str = messages!(
    "WHERE e.chat_id = ?1 AND e.seq > max(?2, (SELECT c.expired_seq FROM chats c WHERE c.id = ?1)) \
     AND e.kind = 1 ORDER BY e.seq LIMIT ?3"
);
const AT: &str = "SELECT e.*, p.at AS pin_at, p.by_user AS pin_by FROM json_each(?) j \
    JOIN events e ON e.chat_id = unhex(j.value->>0) AND e.seq = j.value->>1 AND e.kind = 1 \
    LEFT JOIN pins p ON p.chat_id = e.chat_id AND p.seq = e.seq";
const EVENTS: &str = "SELECT e.*, p.at AS pin_at, p.by_user AS pin_by, u.name AS subject_name \
    FROM events e LEFT JOIN pins p ON p.chat_id = e.chat_id AND p.seq = e.seq \
    LEFT JOIN users u ON u.id = e.subject \
    WHERE e.chat_id = ? AND e.seq > ? ORDER BY e.seq LIMIT ?";
/// The order of the join is forced: each stretch by the log's key.
const TOLD: &str = "SELECT e.*, NULL AS pin_at, NULL AS pin_by, NULL AS subject_name, \
    iif(e.kind = 0, (SELECT c.kind FROM chats c WHERE c.id = e.chat_id), NULL) AS chat_kind, \
    (SELECT x.chat_id FROM events x WHERE x.id = e.forwarded_from) AS from_chat \
    FROM json_each(?) j CROSS JOIN events e ON e.chat_id = unhex(j.value->>0) \
    AND e.seq > j.value->>1 AND e.seq <= j.value->>2 WHERE ? OR e.kind <> 1";
const PASSED_IN: &str = "SELECT e.chat_id, e.id, e.seq, e.actor FROM json_each(?) j \
    CROSS JOIN events e ON e.chat_id = unhex(j.value->>0) AND e.seq > j.value->>1 \
    AND e.seq <= j.value->>2 WHERE e.kind = 1";
const EMPTIED_IN: &str = "SELECT e.chat_id, e.id, e.seq, e.actor FROM json_each(?) j \
    CROSS JOIN events e ON e.chat_id = unhex(j.value->>0) AND e.seq > j.value->>1 \
    AND e.seq <= j.value->>2 WHERE e.kind = 10";
const PASSED: &str = "SELECT id, seq, actor FROM events WHERE chat_id = ? AND seq > ? AND seq <= ? \
    AND kind = 1 ORDER BY seq DESC LIMIT ?";
const SENT_BY: &str = "SELECT id, seq FROM events WHERE chat_id = ? AND actor = ? AND kind = 1 \
    ORDER BY seq DESC LIMIT ?";

#[async_trait]
impl MessageStore for Sqlite {
    async fn append(&self, at: Timestamp, rows: &[Append]) -> StoreResult<Batch> {
        append::append(self, at, rows).await
    }

    async fn heads(&self, chats: &[ChatId]) -> StoreResult<Vec<(ChatId, u64)>> {
        let chats = log::hexes(chats.iter().map(|chat| chat.0));
        let rows = sqlx::query(HEADS).bind(chats).fetch_all(&self.readers).await;
        row::all(&rows.map_err(failed)?, row::head).map_err(failed)
    }

    async fn message(&self, id: MessageId) -> StoreResult<Option<MessageRow>> {
        let found = sqlx::query(BY_ID).bind(id.0).fetch_optional(&self.readers).await;
        found.map_err(failed)?.as_ref().map(row::message).transpose().map_err(failed)
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
        let events = sqlx::query(EVENTS).bind(chat.0).bind(signed(after)).bind(limit);
        let rows = events.fetch_all(&self.readers).await.map_err(failed)?;
        let targets: Vec<(ChatId, u64)> = rows
            .iter()
            .filter_map(|found| found.try_get::<Option<i64>, _>("target_seq").ok().flatten())
            .filter_map(|seq| Some((chat, u64::try_from(seq).ok()?)))
            .collect();
        let about = by_seq(&self.readers, &targets).await?;
        let event = |found: &SqliteRow| {
            let target: Option<i64> = found.try_get("target_seq")?;
            let target = target.and_then(|seq| about.get(&u64::try_from(seq).ok()?).cloned());
            row::event(found, target)
        };
        row::all(&rows, event).map_err(failed)
    }

    async fn passed(
        &self,
        chat: ChatId,
        after: u64,
        upto: u64,
        limit: u32,
    ) -> StoreResult<Vec<(MessageId, u64, UserId)>> {
        let passed = sqlx::query(PASSED).bind(chat.0).bind(signed(after)).bind(signed(upto));
        let rows = passed.bind(limit).fetch_all(&self.readers).await;
        let mut all = row::all(&rows.map_err(failed)?, row::passed).map_err(failed)?;
        all.reverse();
        Ok(all)
    }

    async fn sent_by(
        &self,
        chat: ChatId,
        sender: UserId,
        limit: u32,
    ) -> StoreResult<Vec<(MessageId, u64)>> {
        let sent = sqlx::query(SENT_BY).bind(chat.0).bind(sender.0).bind(limit);
        let rows = sent.fetch_all(&self.readers).await.map_err(failed)?;
        let mut all = row::all(&rows, row::place).map_err(failed)?;
        all.reverse();
        Ok(all)
    }

    async fn pin(&self, author: Author, id: MessageId, max: u32) -> StoreResult<Verdict<LogEvent>> {
        pin::set(self.begin().await?, author, id, Some(max)).await
    }

    async fn unpin(&self, author: Author, id: MessageId) -> StoreResult<Verdict<LogEvent>> {
        pin::set(self.begin().await?, author, id, None).await
    }

    async fn pinned(&self, chat: ChatId) -> StoreResult<Pinned> {
        pin::all(&self.readers, chat).await
    }
}

impl Sqlite {
    async fn before(&self, chat: ChatId, seq: u64, limit: u32) -> StoreResult<Vec<MessageRow>> {
        let page = sqlx::query(BEFORE).bind(chat.0).bind(signed(seq)).bind(limit);
        let rows = page.fetch_all(&self.readers).await.map_err(failed)?;
        let mut page = row::all(&rows, row::message).map_err(failed)?;
        page.reverse();
        Ok(page)
    }

    async fn after(&self, chat: ChatId, seq: u64, limit: u32) -> StoreResult<Vec<MessageRow>> {
        let page = sqlx::query(AFTER).bind(chat.0).bind(signed(seq)).bind(limit);
        let rows = page.fetch_all(&self.readers).await.map_err(failed)?;
        row::all(&rows, row::message).map_err(failed)
    }
}

/// What is told of the events of these stretches.
pub(super) async fn told(
    readers: &SqlitePool,
    stretches: &[Stretch],
    messages: bool,
) -> StoreResult<Vec<Told>> {
    let rows = sqlx::query(TOLD).bind(within(stretches)).bind(messages).fetch_all(readers).await;
    let rows = rows.map_err(failed)?;
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let target = |found: &SqliteRow| {
        let seq = found.int("target_seq")?.map(row::unsigned).transpose()?;
        seq.map(|seq| Ok((ChatId(row::id(found, "chat_id")?), seq))).transpose()
    };
    let targets = row::all(&rows, target).map_err(failed)?;
    let wanted: Vec<_> = targets.iter().flatten().copied().collect();
    let about = fetch(readers, &wanted).await?;
    let about: HashMap<_, _> = about.into_iter().map(|row| ((row.chat, row.seq), row)).collect();
    let told = |(found, target): (&SqliteRow, &Option<(ChatId, u64)>)| {
        row::told(found, target.and_then(|place| about.get(&place).cloned()))
    };
    let mut told: Vec<Told> =
        rows.iter().zip(&targets).map(told).collect::<Result<_, _>>().map_err(failed)?;
    let expired = expired::stretches(&told);
    if !expired.is_empty() {
        let emptied = sqlx::query(EMPTIED_IN).bind(within(&expired)).fetch_all(readers).await;
        let emptied = row::all(&emptied.map_err(failed)?, row::passed_in).map_err(failed)?;
        expired::fill(&mut told, emptied);
    }
    Ok(told)
}

/// The messages of these stretches.
pub(super) async fn passed_in(
    readers: &SqlitePool,
    stretches: &[Stretch],
) -> StoreResult<Vec<Passed>> {
    let rows = sqlx::query(PASSED_IN).bind(within(stretches)).fetch_all(readers).await;
    row::all(&rows.map_err(failed)?, row::passed_in).map_err(failed)
}

fn within(stretches: &[Stretch]) -> String {
    let hex =
        |stretch: &Stretch| (stretch.chat.0.simple().to_string(), stretch.after, stretch.upto);
    serde_json::to_string(&stretches.iter().map(hex).collect::<Vec<_>>()).unwrap_or_default()
}

/// The messages at these places, by chat: at most one place per chat.
pub(super) async fn at(
    readers: &SqlitePool,
    places: &[(ChatId, u64)],
) -> StoreResult<HashMap<ChatId, MessageRow>> {
    let found = fetch(readers, places).await?;
    Ok(found.into_iter().map(|message| (message.chat, message)).collect())
}

/// The messages at these places of one chat, by seq.
async fn by_seq(
    readers: &SqlitePool,
    places: &[(ChatId, u64)],
) -> StoreResult<HashMap<u64, MessageRow>> {
    let found = fetch(readers, places).await?;
    Ok(found.into_iter().map(|message| (message.seq, message)).collect())
}

async fn fetch(readers: &SqlitePool, places: &[(ChatId, u64)]) -> StoreResult<Vec<MessageRow>> {
    if places.is_empty() {
        return Ok(Vec::new());
    }
    let places: Vec<_> =
        places.iter().map(|(chat, seq)| (chat.0.simple().to_string(), seq)).collect();
    let places = serde_json::to_string(&places).unwrap_or_default();
    let rows = sqlx::query(AT).bind(places).fetch_all(readers).await.map_err(failed)?;
    row::all(&rows, row::message).map_err(failed)
}
