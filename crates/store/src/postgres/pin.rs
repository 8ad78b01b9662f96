//! Pins on PostgreSQL, under the chat's lock.

use zvon_core::chat::Chat;
use zvon_core::chat::store::Author;
use zvon_core::message::store::Pinned;
use zvon_core::message::{EventKind, LogEvent, MessageRow, Pin};
use zvon_core::store::{Denied, StoreResult, Verdict};
use zvon_protocol::ids::{ChatId, MessageId};

use super::line::{Line, Tx};
use super::{failed, log};
use crate::row::{self, signed};

/// Within transactions columns are named: one that is refused for a column more is lost.
const BY_ID: &str = "SELECT e.id, e.chat_id, e.seq, e.msg_no, e.at, e.actor, e.content, \
    e.client_id, e.forwarded_from, e.original_sender, p.at AS pin_at, p.by_user AS pin_by \
    FROM events e LEFT JOIN pins p ON p.chat_id = e.chat_id AND p.seq = e.seq WHERE e.id = $1 AND e.kind = 1";
const CHAT: &str = "SELECT chat_id AS id FROM events WHERE id = $1";
const MEMBER: &str =
    "SELECT 1 FROM members WHERE chat_id = $1 AND user_id = $2 AND left_seq IS NULL";
const COUNT: &str = "SELECT pins AS n FROM chats WHERE id = $1";
const PIN: &str =
    "INSERT INTO pins (chat_id, seq, at, by_user, pin_seq) VALUES ($1, $2, $3, $4, $5)";
const UNPIN: &str = "DELETE FROM pins WHERE chat_id = $1 AND seq = $2";
const RESIZE: &str = "UPDATE chats SET pins = pins + $1 WHERE id = $2";
const ALL: &str = "SELECT e.*, p.at AS pin_at, p.by_user AS pin_by, p.pin_seq, \
    (SELECT c.last_seq FROM chats c WHERE c.id = p.chat_id) AS head FROM pins p \
    JOIN events e ON e.chat_id = p.chat_id AND e.seq = p.seq \
    WHERE p.chat_id = $1 ORDER BY p.pin_seq DESC";

/// Pins a message (with the most pins its chat may have) or unpins it.
pub(super) async fn set(
    mut tx: Tx,
    author: Author,
    id: MessageId,
    max: Option<u32>,
) -> StoreResult<Verdict<LogEvent>> {
    let chat = match tx.optional(sqlx::query(CHAT).bind(id.0)).await.map_err(failed)? {
        Some(found) => log::lock(&mut tx, ChatId(row::id(&found, "id").map_err(failed)?)).await?,
        None => None,
    };
    if let Err(denied) = log::check_session(&mut tx, author).await? {
        return Ok(Err(denied));
    }
    let Some(chat) = chat else { return Ok(Err(Denied::NoTarget)) };
    let found = tx.optional(sqlx::query(BY_ID).bind(id.0)).await.map_err(failed)?;
    let Some(found) = found else { return Ok(Err(Denied::NoTarget)) };
    let message = row::message(&found).map_err(failed)?;
    let member = sqlx::query(MEMBER).bind(chat.id.0).bind(author.user.0);
    if tx.optional(member).await.map_err(failed)?.is_none() {
        return Ok(Err(Denied::NotAMember));
    }
    if message.pin.is_some() == max.is_some() {
        return Ok(Err(Denied::AlreadySo));
    }
    let count = tx.one(sqlx::query(COUNT).bind(chat.id.0)).await.map_err(failed)?;
    let count = row::number(&count, "n").map_err(failed)?;
    if max.is_some_and(|max| count >= u64::from(max)) {
        return Ok(Err(Denied::Full));
    }
    write(tx, author, chat, message, max.is_some()).await.map(Ok)
}

async fn write(
    mut tx: Tx,
    author: Author,
    mut chat: Chat,
    message: MessageRow,
    pinned: bool,
) -> StoreResult<LogEvent> {
    let (id, seq) = (chat.id, message.seq);
    let pin = pinned.then(|| Pin { at: author.at.max(chat.last_at), by: author.user });
    let message = MessageRow { pin, ..message };
    let kind = if pinned { EventKind::Pinned(message) } else { EventKind::Unpinned(message) };
    let event = log::add(&mut tx, &mut chat, author, kind).await?;
    let change = if pinned {
        let pin = sqlx::query(PIN).bind(id.0).bind(signed(seq)).bind(event.at.0);
        pin.bind(author.user.0).bind(signed(event.seq))
    } else {
        sqlx::query(UNPIN).bind(id.0).bind(signed(seq))
    };
    tx.execute(change).await.map_err(failed)?;
    let by: i64 = if pinned { 1 } else { -1 };
    tx.execute(sqlx::query(RESIZE).bind(by).bind(id.0)).await.map_err(failed)?;
    log::commit(tx, std::slice::from_ref(&event), &[]).await?;
    Ok(event)
}

/// The pinned messages of a chat.
pub(super) async fn all(read: &Line, chat: ChatId) -> StoreResult<Pinned> {
    let rows = read.rows(sqlx::query(ALL).bind(chat.0)).await.map_err(failed)?;
    row::pinned(&rows).map_err(failed)
}
