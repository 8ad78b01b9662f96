//! Single entries of a chat's log, inside a transaction that holds the write lock.

use sqlx::{Sqlite as Driver, Transaction};
use uuid::Uuid;
use zvon_core::chat::Chat;
use zvon_core::chat::store::Author;
use zvon_core::message::{EventKind, LogEvent, Subject};
use zvon_core::store::{Denied, StoreResult, Verdict};
use zvon_protocol::ids::{ChatId, UserId};

use super::failed;
use super::row::{self, signed};

pub(super) type Tx = Transaction<'static, Driver>;

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

/// A user's name.
pub(super) async fn name(tx: &mut Tx, user: UserId) -> StoreResult<Option<String>> {
    let found = sqlx::query_scalar("SELECT name FROM users WHERE id = ?").bind(user.0);
    found.fetch_optional(&mut **tx).await.map_err(failed)
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
    let (number, text, target, subject) = columns(&kind);
    sqlx::query(INSERT)
        .bind(chat.id.0)
        .bind(signed(chat.last_seq))
        .bind(signed(chat.msg_no))
        .bind(chat.last_at.0)
        .bind(number)
        .bind(author.user.0)
        .bind(text)
        .bind(target)
        .bind(subject.map(|subject| subject.user.0))
        .bind(subject.map(|subject| row::role_number(subject.role)))
        .execute(&mut **tx)
        .await
        .map_err(failed)?;
    let advance = sqlx::query(ADVANCE).bind(signed(chat.last_seq)).bind(chat.last_at.0);
    advance.bind(chat.id.0).execute(&mut **tx).await.map_err(failed)?;
    let (seq, msg_no, at) = (chat.last_seq, chat.msg_no, chat.last_at);
    Ok(LogEvent { chat: chat.id, seq, msg_no, at, actor: author.user, kind })
}

fn columns(kind: &EventKind) -> (i64, Option<&str>, Option<i64>, Option<&Subject>) {
    match kind {
        EventKind::Created => (row::CREATED, None, None, None),
        EventKind::Message(message) => (row::MESSAGE, Some(&message.content), None, None),
        EventKind::Pinned(message) => (row::PINNED, None, Some(signed(message.seq)), None),
        EventKind::Unpinned(message) => (row::UNPINNED, None, Some(signed(message.seq)), None),
        EventKind::MemberAdded(subject) => (row::ADDED, None, None, Some(subject)),
        EventKind::MemberRemoved(subject) => (row::REMOVED, None, None, Some(subject)),
        EventKind::MemberLeft(subject) => (row::LEFT, None, None, Some(subject)),
        EventKind::MemberChanged(subject) => (row::CHANGED, None, None, Some(subject)),
        EventKind::Renamed(title) => (row::RENAMED, Some(title), None, None),
    }
}

/// The outbox row of events of one chat, in order; and the commit. Creating a chat admits
/// `founders`.
pub(super) async fn commit(
    mut tx: Tx,
    events: &[LogEvent],
    founders: &[UserId],
) -> StoreResult<()> {
    if let (Some(first), Some(last)) = (events.first(), events.last()) {
        let founded = founders.iter().map(|user| (first.chat, *user, first.seq));
        let added = events.iter().filter_map(|event| match &event.kind {
            EventKind::MemberAdded(subject) => Some((event.chat, subject.user, event.seq)),
            _ => None,
        });
        let admitted: Vec<_> = founded.chain(added).collect();
        let text = |value: serde_json::Result<String>| value.unwrap_or_default();
        sqlx::query(OUTBOX)
            .bind(last.at.0)
            .bind(text(serde_json::to_string(&[(first.chat, first.seq, last.seq)])))
            .bind((!admitted.is_empty()).then(|| text(serde_json::to_string(&admitted))))
            .execute(&mut *tx)
            .await
            .map_err(failed)?;
    }
    tx.commit().await.map_err(failed)
}
