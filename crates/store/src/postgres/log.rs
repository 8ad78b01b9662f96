//! Single entries of a chat's log, inside a transaction that holds the chat's lock.

use zvon_core::chat::Chat;
use zvon_core::chat::store::Author;
use zvon_core::message::{EventKind, LogEvent};
use zvon_core::store::{Denied, StoreResult, Verdict};
use zvon_protocol::ids::{ChatId, UserId};

use super::failed;
use super::line::Tx;
use crate::entry::{admitted, entry};
use crate::row::{self, signed};

/// Until the commit it can neither end nor be found live by an end that is answered.
const LIVE: &str = "SELECT 1 FROM sessions WHERE id = $1 AND user_id = $2 AND revoked_at IS NULL \
    AND expires_at > $3 FOR SHARE";
/// Within transactions columns are named: one that is refused for a column more is lost.
const LOCK: &str = "SELECT id, kind, title, created_at, created_by, last_seq, msg_no, last_at, \
    expired_seq, expired_no, keep_age, keep_count FROM chats WHERE id = $1 FOR NO KEY UPDATE";
const INSERT: &str = "INSERT INTO events (chat_id, seq, msg_no, at, kind, actor, content, \
    target_seq, subject, role) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
const ADVANCE: &str = "UPDATE chats SET last_seq = $1, last_at = $2 WHERE id = $3";
const OUTBOX: &str = "INSERT INTO outbox (at, chats, lows, highs, admitted) \
    VALUES ($1, ARRAY[$2::uuid], ARRAY[$3::bigint], ARRAY[$4::bigint], $5)";

/// Whether the author's session may still write.
pub(super) async fn check_session(tx: &mut Tx, author: Author) -> StoreResult<Verdict<()>> {
    let live = sqlx::query(LIVE).bind(author.session.0).bind(author.user.0).bind(author.at.0);
    let live = tx.optional(live).await.map_err(failed)?;
    Ok(live.map(drop).ok_or(Denied::Revoked))
}

/// Takes the chat's lock; its row.
pub(super) async fn lock(tx: &mut Tx, id: ChatId) -> StoreResult<Option<Chat>> {
    let found = tx.optional(sqlx::query(LOCK).bind(id.0)).await.map_err(failed)?;
    found.as_ref().map(row::chat).transpose().map_err(failed)
}

/// Whether all of these users exist.
pub(super) async fn all_exist(tx: &mut Tx, users: &[UserId]) -> StoreResult<bool> {
    const COUNT: &str = "SELECT count(*) AS n FROM users WHERE id = ANY ($1)";
    let ids: Vec<_> = users.iter().map(|id| id.0).collect();
    let count = tx.one(sqlx::query(COUNT).bind(ids)).await.map_err(failed)?;
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
    let insert = sqlx::query(INSERT)
        .bind(chat.id.0)
        .bind(signed(chat.last_seq))
        .bind(signed(chat.msg_no))
        .bind(chat.last_at.0)
        .bind(entry.kind)
        .bind(author.user.0)
        .bind(entry.content.as_deref())
        .bind(entry.target_seq)
        .bind(entry.subject)
        .bind(entry.role);
    tx.execute(insert).await.map_err(failed)?;
    let advance = sqlx::query(ADVANCE).bind(signed(chat.last_seq)).bind(chat.last_at.0);
    tx.execute(advance.bind(chat.id.0)).await.map_err(failed)?;
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
        let outbox = sqlx::query(OUTBOX)
            .bind(last.at.0)
            .bind(first.chat.0)
            .bind(signed(first.seq))
            .bind(signed(last.seq))
            .bind(admitted(events, founders));
        tx.execute(outbox).await.map_err(failed)?;
    }
    tx.commit().await
}
