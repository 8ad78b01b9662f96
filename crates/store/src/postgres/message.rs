//! Reading the log on PostgreSQL, and the way in for what is written.

use async_trait::async_trait;
use zvon_core::chat::store::Author;
use zvon_core::message::store::{Append, Batch, MessageStore, Page, Pinned};
use zvon_core::message::{LogEvent, MessageRow};
use zvon_core::store::{StoreResult, Verdict};
use zvon_protocol::ids::{ChatId, MessageId, UserId};
use zvon_protocol::time::Timestamp;

use super::{Postgres, append, failed, lookup, pin};
use crate::row::{self, signed};

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

const HEADS: &str = "SELECT id, last_seq FROM chats WHERE id = ANY ($1)";
const BY_ID: &str = messages!("WHERE e.id = $1 AND e.kind = 1");
/// What expired is not walked through.
const BEFORE: &str = messages!(
    "WHERE e.chat_id = $1 AND e.seq < $2 AND e.seq > (SELECT c.expired_seq FROM chats c \
     WHERE c.id = $1) AND e.kind = 1 ORDER BY e.seq DESC LIMIT $3"
);
const AFTER: &str = messages!(
    "WHERE e.chat_id = $1 AND e.seq > greatest($2, (SELECT c.expired_seq FROM chats c \
     WHERE c.id = $1)) AND e.kind = 1 ORDER BY e.seq LIMIT $3"
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
        lookup::events(&self.read, chat, after, limit).await
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

    async fn pinned(&self, chat: ChatId) -> StoreResult<Pinned> {
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
