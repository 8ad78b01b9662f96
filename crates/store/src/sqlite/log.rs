//! Single entries of a chat's log, inside a transaction that holds the write lock.

use uuid::Uuid;
use zvon_core::chat::Chat;
use zvon_core::chat::store::Author;
use zvon_core::message::{EventKind, LogEvent};
use zvon_core::store::{Denied, StoreResult, Verdict};
use zvon_protocol::ids::{ChatId, UserId};

use super::failed;
pub(super) use super::writer::Tx;
use crate::entry::{admitted, entry};
use crate::row::{self, signed};

const LIVE: &str = "SELECT 1 FROM sessions WHERE id = ? AND user_id = ? AND revoked_at IS NULL \
    AND expires_at > ?";
const INSERT: &str = "INSERT INTO events (chat_id, seq, msg_no, at, kind, actor, content, \
    target_seq, subject, role) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
const ADVANCE: &str = "UPDATE chats SET last_seq = ?, last_at = ? WHERE id = ?";
const OUTBOX: &str = "INSERT INTO outbox (at, spans, admitted) VALUES (?, ?, ?)";

/// Ids as a JSON array of hex texts, for `json_each`.
pub(super) fn hexes(ids: impl Iterator<Item = Uuid>) -> String {
    let ids: Vec<String> = ids.map(|id| id.simple().to_string()).collect();
    serde_json::to_string(&ids).unwrap_or_default()
}

/// The end of a transaction that changed nothing, for what it saw.
pub(super) async fn refuse<T>(tx: Tx, denied: Denied) -> StoreResult<Verdict<T>> {
    tx.commit().await?;
    Ok(Err(denied))
}

/// Whether the author's session may still write.
pub(super) async fn check_session(tx: &mut Tx, author: Author) -> StoreResult<Verdict<()>> {
    let live = sqlx::query(LIVE).bind(author.session.0).bind(author.user.0).bind(author.at.0);
    let live = live.fetch_optional(&mut **tx).await.map_err(failed)?;
    Ok(live.map(drop).ok_or(Denied::Revoked))
}

/// The chat's row.
pub(super) async fn chat(tx: &mut Tx, id: ChatId) -> StoreResult<Option<Chat>> {
    let found = sqlx::query("SELECT * FROM chats WHERE id = ?").bind(id.0);
    let found = found.fetch_optional(&mut **tx).await.map_err(failed)?;
    found.as_ref().map(row::chat).transpose().map_err(failed)
}

/// Whether all of these users exist.
pub(super) async fn all_exist(tx: &mut Tx, users: &[UserId]) -> StoreResult<bool> {
    const COUNT: &str = "SELECT count(*) AS n FROM users WHERE id IN \
        (SELECT unhex(value) FROM json_each(?))";
    let ids = hexes(users.iter().map(|id| id.0));
    let count = sqlx::query(COUNT).bind(ids).fetch_one(&mut **tx).await.map_err(failed)?;
    Ok(row::number(&count, "n").map_err(failed)? == users.len() as u64)
}

/// Appends an event that is no message, and moves the chat on.
pub(super) async fn add(
    tx: &mut Tx,
    chat: &mut Chat,
    author: Author,
    kind: EventKind,
) -> StoreResult<LogEvent> {
    chat.last_seq += 1;
    chat.last_at = chat.last_at.max(author.at);
    let entry = entry(&kind);
    sqlx::query(INSERT)
        .bind(chat.id.0)
        .bind(signed(chat.last_seq))
        .bind(signed(chat.msg_no))
        .bind(chat.last_at.0)
        .bind(entry.kind)
        .bind(author.user.0)
        .bind(entry.content.as_deref())
        .bind(entry.target_seq)
        .bind(entry.subject)
        .bind(entry.role)
        .execute(&mut **tx)
        .await
        .map_err(failed)?;
    let advance = sqlx::query(ADVANCE).bind(signed(chat.last_seq)).bind(chat.last_at.0);
    advance.bind(chat.id.0).execute(&mut **tx).await.map_err(failed)?;
    let (seq, msg_no, at) = (chat.last_seq, chat.msg_no, chat.last_at);
    Ok(LogEvent { chat: chat.id, seq, msg_no, at, actor: author.user, kind })
}

/// The outbox row of events of one chat, in order; and the commit. Creating a chat admits
/// `founders`.
pub(super) async fn commit(
    mut tx: Tx,
    events: &[LogEvent],
    founders: &[UserId],
) -> StoreResult<()> {
    if let (Some(first), Some(last)) = (events.first(), events.last()) {
        let spans = serde_json::to_string(&[(first.chat, first.seq, last.seq)]);
        sqlx::query(OUTBOX)
            .bind(last.at.0)
            .bind(spans.unwrap_or_default())
            .bind(admitted(events, founders))
            .execute(&mut *tx)
            .await
            .map_err(failed)?;
    }
    tx.commit().await
}
