//! Changes of a group on PostgreSQL, under the chat's lock: the facts, and what its events do to
//! its rows.

use sqlx::postgres::PgRow;
use zvon_core::chat::Chat;
use zvon_core::chat::store::{Author, GroupChange};
use zvon_core::message::{EventKind, LogEvent};
use zvon_core::store::{Denied, StoreResult, Verdict};
use zvon_protocol::chat::Retention;
use zvon_protocol::ids::{ChatId, UserId};

use super::line::Tx;
use super::{failed, log};
use crate::group::{Facts, Person, concerns_admins, decide, target};
use crate::row::{self, Columns, signed};

const PEOPLE: &str = "SELECT u.id, u.name, m.role FROM users u LEFT JOIN members m \
    ON m.chat_id = $1 AND m.user_id = u.id AND m.left_seq IS NULL WHERE u.id IN ($2, $3)";
const HEIR: &str = "SELECT u.id, u.name, m.role FROM members m JOIN users u ON u.id = m.user_id \
    WHERE m.chat_id = $1 AND m.left_seq IS NULL AND m.user_id <> $2 \
    ORDER BY m.role DESC, m.joined_seq, m.user_id LIMIT 1";
const COUNT: &str = "SELECT members AS n FROM chats WHERE id = $1";
const ADMINS: &str =
    "SELECT count(*) AS n FROM members WHERE chat_id = $1 AND left_seq IS NULL AND role = 1";
/// Moves of cursors lock members in this order, too.
const LOCK: &str = "SELECT 1 FROM members WHERE chat_id = $1 AND user_id = ANY ($2) \
    ORDER BY user_id FOR NO KEY UPDATE";
const JOIN: &str = "INSERT INTO members (chat_id, user_id, role, joined_seq, delivered_seq, \
    read_seq, read_no) VALUES ($1, $2, 0, $3, $3, $3, $4) ON CONFLICT (chat_id, user_id) DO UPDATE \
    SET role = 0, joined_seq = $3, left_seq = NULL, delivered_seq = $3, read_seq = $3, read_no = $4";
const LEAVE: &str = "UPDATE members SET left_seq = $1 WHERE chat_id = $2 AND user_id = $3";
const RESIZE: &str = "UPDATE chats SET members = members + $1 WHERE id = $2";
const SET_ROLE: &str = "UPDATE members SET role = $1 WHERE chat_id = $2 AND user_id = $3";
const RENAME: &str = "UPDATE chats SET title = $1 WHERE id = $2";
/// And it is looked at soon.
const KEEP: &str = "UPDATE chats SET keep_age = $1, keep_count = $2, sweep_at = 0 WHERE id = $3";

/// Changes a group in one transaction.
pub(super) async fn change(
    mut tx: Tx,
    author: Author,
    id: ChatId,
    change: &GroupChange,
) -> StoreResult<Verdict<Vec<LogEvent>>> {
    let chat = log::lock(&mut tx, id).await?;
    if let Err(denied) = log::check_session(&mut tx, author).await? {
        return Ok(Err(denied));
    }
    let Some(mut chat) = chat else { return Ok(Err(Denied::NoChat)) };
    let kinds = match decide(change, &facts(&mut tx, author, &chat, change).await?) {
        Ok(kinds) => kinds,
        Err(denied) => return Ok(Err(denied)),
    };
    lock_members(&mut tx, id, &kinds).await?;
    let mut events = Vec::with_capacity(kinds.len());
    for kind in kinds {
        let event = log::add(&mut tx, &mut chat, author, kind).await?;
        carry_out(&mut tx, &event).await?;
        events.push(event);
    }
    log::commit(tx, &events, &[]).await?;
    Ok(Ok(events))
}

async fn facts(
    tx: &mut Tx,
    author: Author,
    chat: &Chat,
    change: &GroupChange,
) -> StoreResult<Facts> {
    let whom = target(change);
    let people = sqlx::query(PEOPLE).bind(chat.id.0).bind(author.user.0).bind(whom.map(|id| id.0));
    let people = row::all(&tx.rows(people).await.map_err(failed)?, person).map_err(failed)?;
    let find = |user: UserId| people.iter().find(|person| person.user == user).cloned();
    let members = count(tx, COUNT, chat.id).await?;
    let (mut admins, mut heir) = (0, None);
    if concerns_admins(change) {
        admins = count(tx, ADMINS, chat.id).await?;
        let next = sqlx::query(HEIR).bind(chat.id.0).bind(author.user.0);
        heir = tx.optional(next).await.map_err(failed)?;
    }
    Ok(Facts {
        kind: chat.kind,
        title: chat.title.clone(),
        retention: chat.retention,
        members,
        admins,
        author: find(author.user),
        target: whom.and_then(find),
        heir: heir.as_ref().map(person).transpose().map_err(failed)?,
    })
}

async fn count(tx: &mut Tx, sql: &'static str, chat: ChatId) -> StoreResult<u64> {
    let count = tx.one(sqlx::query(sql).bind(chat.0)).await.map_err(failed)?;
    row::number(&count, "n").map_err(failed)
}

fn person(found: &PgRow) -> Result<Person, sqlx::Error> {
    Ok(Person {
        user: UserId(row::id(found, "id")?),
        name: row::text(found, "name")?,
        role: found.int("role")?.map(row::role),
    })
}

/// The rows of whom the events are about.
async fn lock_members(tx: &mut Tx, chat: ChatId, kinds: &[EventKind]) -> StoreResult<()> {
    let users: Vec<_> = kinds.iter().filter_map(|kind| crate::entry::entry(kind).subject).collect();
    if users.len() > 1 {
        let lock = sqlx::query(LOCK).bind(chat.0).bind(users);
        tx.rows(lock).await.map_err(failed)?;
    }
    Ok(())
}

/// What an event does to the rows beside the log. A membership begins and ends with its event.
async fn carry_out(tx: &mut Tx, event: &LogEvent) -> StoreResult<()> {
    let (chat, seq) = (event.chat.0, signed(event.seq));
    let (change, by) = match &event.kind {
        EventKind::MemberAdded(who) => {
            let join = sqlx::query(JOIN).bind(chat).bind(who.user.0).bind(seq);
            (join.bind(signed(event.msg_no)), 1_i64)
        }
        EventKind::MemberRemoved(who) | EventKind::MemberLeft(who) => {
            (sqlx::query(LEAVE).bind(seq).bind(chat).bind(who.user.0), -1)
        }
        EventKind::MemberChanged(who) => {
            let role = row::role_number(who.role);
            (sqlx::query(SET_ROLE).bind(role).bind(chat).bind(who.user.0), 0)
        }
        EventKind::Renamed(title) => (sqlx::query(RENAME).bind(title).bind(chat), 0),
        EventKind::RetentionChanged(Retention { max_age_ms, max_count }) => {
            let (age, count) = (max_age_ms.map(signed), max_count.map(signed));
            (sqlx::query(KEEP).bind(age).bind(count).bind(chat), 0)
        }
        EventKind::Created
        | EventKind::Message(_)
        | EventKind::Pinned(_)
        | EventKind::Unpinned(_)
        | EventKind::Expired { .. }
        | EventKind::Emptied => return Ok(()),
    };
    tx.execute(change).await.map_err(failed)?;
    if by != 0 {
        tx.execute(sqlx::query(RESIZE).bind(by).bind(chat)).await.map_err(failed)?;
    }
    Ok(())
}
