//! Pins on SQLite.

use sqlx::SqlitePool;
use zvon_core::chat::store::Author;
use zvon_core::message::store::Pinned;
use zvon_core::message::{EventKind, LogEvent, MessageRow, Pin};
use zvon_core::store::{Denied, StoreResult, Verdict};
use zvon_protocol::ids::{ChatId, MessageId};

use super::failed;
use super::log::{self, Tx};
use super::message::messages;
use crate::row;
use crate::row::signed;

const BY_ID: &str = messages!("WHERE e.id = ? AND e.kind = 1");
const MEMBER: &str = "SELECT 1 FROM members WHERE chat_id = ? AND user_id = ? AND left_seq IS NULL";
const COUNT: &str = "SELECT pins FROM chats WHERE id = ?";
const PIN: &str = "INSERT INTO pins (chat_id, seq, at, by_user, pin_seq) VALUES (?, ?, ?, ?, ?)";
const UNPIN: &str = "DELETE FROM pins WHERE chat_id = ? AND seq = ?";
const RESIZE: &str = "UPDATE chats SET pins = pins + ? WHERE id = ?";
const ALL: &str = "SELECT e.*, p.at AS pin_at, p.by_user AS pin_by, p.pin_seq, \
    (SELECT c.last_seq FROM chats c WHERE c.id = p.chat_id) AS head FROM pins p \
    JOIN events e ON e.chat_id = p.chat_id AND e.seq = p.seq \
    WHERE p.chat_id = ? ORDER BY p.pin_seq DESC";

/// Pins a message (with the most pins its chat may have) or unpins it.
pub(super) async fn set(
    mut tx: Tx,
    author: Author,
    id: MessageId,
    max: Option<u32>,
) -> StoreResult<Verdict<LogEvent>> {
    if let Err(denied) = log::check_session(&mut tx, author).await? {
        return log::refuse(tx, denied).await;
    }
    let found = sqlx::query(BY_ID).bind(id.0).fetch_optional(&mut *tx).await.map_err(failed)?;
    let Some(found) = found else { return log::refuse(tx, Denied::NoTarget).await };
    let message = row::message(&found).map_err(failed)?;
    let member = sqlx::query(MEMBER).bind(message.chat.0).bind(author.user.0);
    if member.fetch_optional(&mut *tx).await.map_err(failed)?.is_none() {
        return log::refuse(tx, Denied::NotAMember).await;
    }
    if message.pin.is_some() == max.is_some() {
        return log::refuse(tx, Denied::AlreadySo).await;
    }
    let count: i64 =
        sqlx::query_scalar(COUNT).bind(message.chat.0).fetch_one(&mut *tx).await.map_err(failed)?;
    if max.is_some_and(|max| count >= i64::from(max)) {
        return log::refuse(tx, Denied::Full).await;
    }
    write(tx, author, message, max.is_some()).await
}

async fn write(
    mut tx: Tx,
    author: Author,
    message: MessageRow,
    pinned: bool,
) -> StoreResult<Verdict<LogEvent>> {
    let Some(mut chat) = log::chat(&mut tx, message.chat).await? else {
        return log::refuse(tx, Denied::NoChat).await;
    };
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
    change.execute(&mut *tx).await.map_err(failed)?;
    let by = if pinned { 1 } else { -1 };
    sqlx::query(RESIZE).bind(by).bind(id.0).execute(&mut *tx).await.map_err(failed)?;
    log::commit(tx, std::slice::from_ref(&event), &[]).await?;
    Ok(Ok(event))
}

/// The pinned messages of a chat.
pub(super) async fn all(readers: &SqlitePool, chat: ChatId) -> StoreResult<Pinned> {
    let rows = sqlx::query(ALL).bind(chat.0).fetch_all(readers).await.map_err(failed)?;
    row::pinned(&rows).map_err(failed)
}
