//! Retention on PostgreSQL, under the chat's lock.

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

use super::line::Tx;
use super::{Postgres, failed, log};
use crate::row::{self, signed};

const DUE: &str = "SELECT id, sweep_at FROM chats WHERE sweep_at <= $1 ORDER BY sweep_at LIMIT $2";
/// A chat that somebody writes in is left for the next time.
const PASS_OVER: &str = "WITH page AS MATERIALIZED (SELECT id FROM chats WHERE sweep_at <= $1 \
        AND keep_age IS NULL AND keep_count IS NULL ORDER BY sweep_at LIMIT $2 \
        FOR NO KEY UPDATE SKIP LOCKED) \
    UPDATE chats c SET sweep_at = NULL FROM page p WHERE c.id = p.id";
const TERMS: &str = "SELECT terms FROM retention WHERE one = 1";
const SET_TERMS: &str = "UPDATE retention SET terms = $1 WHERE one = 1";
/// Locked in the order in which sends lock them; the last one comes first.
const ANEW: &str = "WITH page AS MATERIALIZED (SELECT id FROM chats WHERE id > $1 ORDER BY id \
        LIMIT $2 FOR NO KEY UPDATE), \
    done AS (UPDATE chats c SET sweep_at = 0 FROM page p WHERE c.id = p.id RETURNING c.id) \
    SELECT p.id, (SELECT count(*) FROM done) AS n FROM page p ORDER BY p.id DESC LIMIT 1";
const CROWDED: &str = "SELECT id FROM chats WHERE id = ANY ($1) AND coalesce(keep_count, $2) > 0 \
    AND msg_no - expired_no > coalesce(keep_count, $2)";
const OLDEST: &str = "SELECT seq, msg_no, at FROM events WHERE chat_id = $1 AND seq > $2 \
    AND kind = 1 ORDER BY seq LIMIT $3";
const EMPTY: &str = "UPDATE events SET kind = 10, content = NULL, forwarded_from = NULL, \
    original_sender = NULL WHERE chat_id = $1 AND seq > $2 AND seq <= $3 AND kind = 1";
const UNPIN: &str = "DELETE FROM pins WHERE chat_id = $1 AND seq <= $2";
const ADVANCE: &str = "UPDATE chats SET \
    stirred_at = CASE WHEN last_seq = expiry_seq THEN stirred_at ELSE last_at END, \
    expiry_seq = $2, expired_seq = $3, expired_no = $4, pins = pins - $5, \
    last_message = CASE WHEN last_message > $3 THEN last_message END WHERE id = $1";
const LOOK_AGAIN: &str = "UPDATE chats SET sweep_at = $1 WHERE id = $2";
/// Chats of one transaction.
const PORTION: i64 = 200;

#[async_trait]
impl RetentionStore for Postgres {
    async fn sweep_anew(&self, default: Retention) -> StoreResult<u64> {
        let terms = serde_json::to_string(&default).unwrap_or_default();
        let known = self.rest.one(sqlx::query(TERMS)).await.map_err(failed)?;
        if row::text(&known, "terms").map_err(failed)? == terms {
            return Ok(0);
        }
        let (mut after, mut all) = (uuid::Uuid::nil(), 0);
        loop {
            let anew = sqlx::query(ANEW).bind(after).bind(PORTION);
            let Some(last) = self.rest.optional(anew).await.map_err(failed)? else { break };
            after = row::id(&last, "id").map_err(failed)?;
            all += row::number(&last, "n").map_err(failed)?;
        }
        self.rest.execute(sqlx::query(SET_TERMS).bind(terms)).await.map_err(failed)?;
        Ok(all)
    }

    async fn pass_over(&self, now: Timestamp, limit: u32) -> StoreResult<u64> {
        let pass_over = sqlx::query(PASS_OVER).bind(now.0).bind(i64::from(limit));
        self.rest.execute(pass_over).await.map_err(failed)
    }

    async fn due(&self, now: Timestamp, limit: u32) -> StoreResult<Vec<(ChatId, Timestamp)>> {
        let due = sqlx::query(DUE).bind(now.0).bind(i64::from(limit));
        let rows = self.rest.rows(due).await.map_err(failed)?;
        row::all(&rows, row::due).map_err(failed)
    }

    async fn crowded(&self, chats: &[ChatId], default: Retention) -> StoreResult<Vec<ChatId>> {
        let chats: Vec<_> = chats.iter().map(|chat| chat.0).collect();
        let crowded = sqlx::query(CROWDED).bind(chats).bind(default.max_count.map(signed));
        let rows = self.rest.rows(crowded).await.map_err(failed)?;
        row::all(&rows, |found| row::id(found, "id").map(ChatId)).map_err(failed)
    }

    async fn sweep(&self, chat: ChatId, terms: &Terms) -> StoreResult<Swept> {
        let mut tx = self.rest.begin().await?;
        let Some(mut chat) = log::lock(&mut tx, chat).await? else { return Ok(Swept::default()) };
        let Plan { cut, next } = look(&mut tx, &chat, terms).await?;
        let again = sqlx::query(LOOK_AGAIN).bind(next.map(|at| at.0)).bind(chat.id.0);
        tx.execute(again).await.map_err(failed)?;
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
    let oldest = sqlx::query(OLDEST).bind(chat.id.0).bind(signed(chat.expired_seq));
    let rows = tx.rows(oldest.bind(i64::from(limit))).await.map_err(failed)?;
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
    let removed = tx.execute(empty).await.map_err(failed)?;
    let unpin = sqlx::query(UNPIN).bind(id).bind(signed(upto));
    let pins = tx.execute(unpin).await.map_err(failed)?;
    let advance = sqlx::query(ADVANCE).bind(id).bind(signed(chat.last_seq + 1));
    let advance = advance.bind(signed(upto)).bind(signed(cut.msg_no)).bind(signed(pins));
    tx.execute(advance).await.map_err(failed)?;
    let nobody = Author { session: SessionId(NOBODY.0), user: NOBODY, at };
    let event = log::add(tx, chat, nobody, EventKind::Expired { after, upto }).await?;
    Ok((event, removed))
}
