//! Retention on SQLite.

use async_trait::async_trait;
use zvon_core::chat::Chat;
use zvon_core::chat::store::Author;
use zvon_core::message::{EventKind, LogEvent, NOBODY};
use zvon_core::retention::policy::{Facts, Place, Plan, Terms, is_over, plan};
use zvon_core::retention::store::{RetentionStore, Swept};
use zvon_core::store::StoreResult;
use zvon_protocol::chat::Retention;
use zvon_protocol::ids::{ChatId, SessionId};
use zvon_protocol::time::Timestamp;

use super::log::{self, Tx};
use super::writer::Pace;
use super::{Sqlite, failed};
use crate::row::{self, signed};

const DUE: &str = "SELECT id, sweep_at FROM chats WHERE sweep_at <= ? ORDER BY sweep_at LIMIT ?";
const PASS_OVER: &str = "UPDATE chats SET sweep_at = NULL WHERE id IN \
    (SELECT id FROM chats WHERE sweep_at <= ? AND keep_age IS NULL AND keep_count IS NULL \
    ORDER BY sweep_at LIMIT ?)";
const TERMS: &str = "SELECT terms FROM retention WHERE one = 1";
const SET_TERMS: &str = "UPDATE retention SET terms = ? WHERE one = 1";
const ANEW: &str = "UPDATE chats SET sweep_at = 0 WHERE id IN \
    (SELECT id FROM chats WHERE id > ? ORDER BY id LIMIT ?) RETURNING id";
const CROWDED: &str = "SELECT id FROM chats WHERE id IN (SELECT unhex(value) FROM json_each(?1)) \
    AND coalesce(keep_count, ?2) > 0 AND msg_no - expired_no > coalesce(keep_count, ?2)";
const OLDEST: &str = "SELECT seq, msg_no, at FROM events WHERE chat_id = ? AND seq > ? AND kind = 1 \
    ORDER BY seq LIMIT ?";
const EMPTY: &str = "UPDATE events SET kind = 10, content = NULL, forwarded_from = NULL, \
    original_sender = NULL WHERE chat_id = ? AND seq > ? AND seq <= ? AND kind = 1";
const UNPIN: &str = "DELETE FROM pins WHERE chat_id = ? AND seq <= ?";
const ADVANCE: &str = "UPDATE chats SET \
    stirred_at = iif(last_seq = expiry_seq, stirred_at, last_at), expiry_seq = ?2, \
    expired_seq = ?3, expired_no = ?4, pins = pins - ?5, \
    last_message = iif(last_message > ?3, last_message, NULL) WHERE id = ?1";
const LOOK_AGAIN: &str = "UPDATE chats SET sweep_at = ? WHERE id = ?";
/// Chats of one transaction.
const PORTION: i64 = 500;

#[async_trait]
impl RetentionStore for Sqlite {
    async fn sweep_anew(&self, default: Retention) -> StoreResult<u64> {
        let terms = serde_json::to_string(&default).unwrap_or_default();
        let known: String =
            sqlx::query_scalar(TERMS).fetch_one(&self.readers).await.map_err(failed)?;
        if known == terms {
            return Ok(0);
        }
        let (mut after, mut all) = (Vec::new(), 0);
        loop {
            let mut tx = self.begin_patiently().await?;
            let anew = sqlx::query_scalar(ANEW).bind(&after).bind(PORTION);
            let ids: Vec<Vec<u8>> = anew.fetch_all(&mut *tx).await.map_err(failed)?;
            tx.commit().await?;
            all += ids.len() as u64;
            match ids.into_iter().max() {
                Some(last) => after = last,
                None => break,
            }
        }
        self.change(Pace::Patient, sqlx::query(SET_TERMS).bind(terms)).await?;
        Ok(all)
    }

    async fn pass_over(&self, now: Timestamp, limit: u32) -> StoreResult<u64> {
        let pass_over = sqlx::query(PASS_OVER).bind(now.0).bind(limit);
        self.change(Pace::Patient, pass_over).await
    }

    async fn due(&self, now: Timestamp, limit: u32) -> StoreResult<Vec<(ChatId, Timestamp)>> {
        let due = sqlx::query(DUE).bind(now.0).bind(limit).fetch_all(&self.readers).await;
        row::all(&due.map_err(failed)?, row::due).map_err(failed)
    }

    async fn crowded(&self, chats: &[ChatId], default: Retention) -> StoreResult<Vec<ChatId>> {
        let chats = log::hexes(chats.iter().map(|chat| chat.0));
        let crowded = sqlx::query(CROWDED).bind(chats).bind(default.max_count.map(signed));
        let rows = crowded.fetch_all(&self.readers).await.map_err(failed)?;
        row::all(&rows, |found| row::id(found, "id").map(ChatId)).map_err(failed)
    }

    async fn sweep(&self, chat: ChatId, terms: &Terms) -> StoreResult<Swept> {
        let mut tx = self.begin_patiently().await?;
        let Some(mut chat) = log::chat(&mut tx, chat).await? else {
            tx.commit().await?;
            return Ok(Swept::default());
        };
        let Plan { cut, next } = look(&mut tx, &chat, terms).await?;
        let again = sqlx::query(LOOK_AGAIN).bind(next.map(|at| at.0)).bind(chat.id.0);
        again.execute(&mut *tx).await.map_err(failed)?;
        let Some(cut) = cut else {
            tx.commit().await?;
            return Ok(Swept::default());
        };
        let (event, removed) = expire(&mut tx, &mut chat, terms.now, cut).await?;
        log::commit(tx, std::slice::from_ref(&event), &[]).await?;
        Ok(Swept { event: Some(event), removed })
    }
}

/// Reads the oldest message, and if that is over a batch of them.
async fn look(tx: &mut Tx, chat: &Chat, terms: &Terms) -> StoreResult<Plan> {
    let facts = Facts { own: chat.retention, msg_no: chat.msg_no };
    let mut oldest = places(tx, chat, 1).await?;
    if oldest.first().is_some_and(|first| is_over(terms, &facts, first)) {
        oldest = places(tx, chat, terms.batch.saturating_add(1)).await?;
    }
    Ok(plan(terms, &facts, &oldest))
}

async fn places(tx: &mut Tx, chat: &Chat, limit: u32) -> StoreResult<Vec<Place>> {
    let oldest = sqlx::query(OLDEST).bind(chat.id.0).bind(signed(chat.expired_seq)).bind(limit);
    let rows = oldest.fetch_all(&mut **tx).await.map_err(failed)?;
    row::all(&rows, row::message_place).map_err(failed)
}

/// Everything up to there goes; the event of it, and how many messages that were.
async fn expire(
    tx: &mut Tx,
    chat: &mut Chat,
    at: Timestamp,
    cut: Place,
) -> StoreResult<(LogEvent, u64)> {
    let (id, after, upto) = (chat.id.0, chat.expired_seq, cut.seq);
    let empty = sqlx::query(EMPTY).bind(id).bind(signed(after)).bind(signed(upto));
    let removed = empty.execute(&mut **tx).await.map_err(failed)?.rows_affected();
    let unpin = sqlx::query(UNPIN).bind(id).bind(signed(upto));
    let pins = unpin.execute(&mut **tx).await.map_err(failed)?.rows_affected();
    let advance = sqlx::query(ADVANCE).bind(id).bind(signed(chat.last_seq + 1));
    let advance = advance.bind(signed(upto)).bind(signed(cut.msg_no)).bind(signed(pins));
    advance.execute(&mut **tx).await.map_err(failed)?;
    let nobody = Author { session: SessionId(NOBODY.0), user: NOBODY, at };
    let event = log::add(tx, chat, nobody, EventKind::Expired { after, upto }).await?;
    Ok((event, removed))
}
