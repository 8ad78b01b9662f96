//! Rows as domain values.

use sqlx::sqlite::SqliteRow;
use sqlx::{Error, Row};
use uuid::Uuid;
use zvon_core::account::Account;
use zvon_core::chat::{Chat, Member};
use zvon_core::message::{EventKind, Forward, LogEvent, MessageRow, Pin, Subject};
use zvon_core::session::{Refresh, Session};
use zvon_protocol::chat::{ChatKind, Role};
use zvon_protocol::ids::{ChatId, MessageId, SessionId, UserId};
use zvon_protocol::time::Timestamp;

pub(super) const CREATED: i64 = 0;
pub(super) const MESSAGE: i64 = 1;
pub(super) const PINNED: i64 = 2;
pub(super) const UNPINNED: i64 = 3;
pub(super) const ADDED: i64 = 4;
pub(super) const REMOVED: i64 = 5;
pub(super) const LEFT: i64 = 6;
pub(super) const CHANGED: i64 = 7;
pub(super) const RENAMED: i64 = 8;

/// A column that counts.
pub(super) fn number(row: &SqliteRow, column: &str) -> Result<u64, Error> {
    let value: i64 = row.try_get(column)?;
    u64::try_from(value)
        .map_err(|error| Error::ColumnDecode { index: column.to_owned(), source: Box::new(error) })
}

/// A number as SQLite keeps it.
pub(super) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

pub(super) fn id(row: &SqliteRow, column: &str) -> Result<Uuid, Error> {
    row.try_get(column)
}

pub(super) fn time(row: &SqliteRow, column: &str) -> Result<Timestamp, Error> {
    row.try_get(column).map(Timestamp)
}

pub(super) fn account(row: &SqliteRow) -> Result<Account, Error> {
    Ok(Account {
        id: UserId(id(row, "id")?),
        email: row.try_get("email")?,
        name: row.try_get("name")?,
        created_at: time(row, "created_at")?,
        last_seen: row.try_get::<Option<i64>, _>("last_seen")?.map(Timestamp),
        disabled_at: row.try_get::<Option<i64>, _>("disabled_at")?.map(Timestamp),
    })
}

pub(super) fn session(row: &SqliteRow) -> Result<Session, Error> {
    Ok(Session {
        id: SessionId(id(row, "id")?),
        user: UserId(id(row, "user_id")?),
        created_at: time(row, "created_at")?,
        seen_at: time(row, "seen_at")?,
        expires_at: time(row, "expires_at")?,
        revoked_at: row.try_get::<Option<i64>, _>("revoked_at")?.map(Timestamp),
        device: row.try_get("device")?,
        address: row.try_get("address")?,
        refresh: refresh(row)?,
    })
}

fn refresh(row: &SqliteRow) -> Result<Option<Refresh>, Error> {
    let nonce: Option<Uuid> = row.try_get("refresh_nonce")?;
    let number: Option<u32> = row.try_get("refresh_number")?;
    Ok(nonce.zip(number).map(|(nonce, number)| Refresh { nonce, number }))
}

pub(super) fn role(value: i64) -> Role {
    if value == 0 { Role::Member } else { Role::Admin }
}

pub(super) fn role_number(role: Role) -> i64 {
    i64::from(role == Role::Admin)
}

pub(super) fn chat(row: &SqliteRow) -> Result<Chat, Error> {
    let kind: i64 = row.try_get("kind")?;
    Ok(Chat {
        id: ChatId(id(row, "id")?),
        kind: if kind == 0 { ChatKind::Private } else { ChatKind::Group },
        title: row.try_get("title")?,
        created_at: time(row, "created_at")?,
        created_by: UserId(id(row, "created_by")?),
        last_seq: number(row, "last_seq")?,
        msg_no: number(row, "msg_no")?,
        last_at: time(row, "last_at")?,
    })
}

pub(super) fn member(row: &SqliteRow) -> Result<Member, Error> {
    Ok(Member {
        chat: ChatId(id(row, "chat_id")?),
        user: UserId(id(row, "user_id")?),
        name: row.try_get("name")?,
        role: role(row.try_get("role")?),
        joined_seq: number(row, "joined_seq")?,
        delivered_seq: number(row, "delivered_seq")?,
        read_seq: number(row, "read_seq")?,
        read_no: number(row, "read_no")?,
    })
}

/// A message from a row of `events` with `pin_at` and `pin_by` beside it.
pub(super) fn message(row: &SqliteRow) -> Result<MessageRow, Error> {
    let from: Option<Uuid> = row.try_get("forwarded_from")?;
    let original: Option<Uuid> = row.try_get("original_sender")?;
    let pin_at: Option<i64> = row.try_get("pin_at")?;
    let pin_by: Option<Uuid> = row.try_get("pin_by")?;
    let forward = from.zip(original);
    Ok(MessageRow {
        id: MessageId(id(row, "id")?),
        chat: ChatId(id(row, "chat_id")?),
        seq: number(row, "seq")?,
        msg_no: number(row, "msg_no")?,
        at: time(row, "at")?,
        sender: UserId(id(row, "actor")?),
        content: row.try_get::<Option<String>, _>("content")?.unwrap_or_default(),
        client_id: row.try_get("client_id")?,
        forward: forward.map(|(from, original)| Forward {
            from: MessageId(from),
            original_sender: UserId(original),
        }),
        pin: pin_at.zip(pin_by).map(|(at, by)| Pin { at: Timestamp(at), by: UserId(by) }),
    })
}

/// An event from a row of `events`; `target` is the message it is about, if it is about one.
pub(super) fn event(row: &SqliteRow, target: Option<MessageRow>) -> Result<LogEvent, Error> {
    let (at, actor) = (time(row, "at")?, UserId(id(row, "actor")?));
    let text = || row.try_get::<Option<String>, _>("content").map(Option::unwrap_or_default);
    let about = || target.clone().ok_or(Error::RowNotFound);
    let kind = match row.try_get::<i64, _>("kind")? {
        CREATED => EventKind::Created,
        MESSAGE => EventKind::Message(message(row)?),
        PINNED => EventKind::Pinned(MessageRow { pin: Some(Pin { at, by: actor }), ..about()? }),
        UNPINNED => EventKind::Unpinned(MessageRow { pin: None, ..about()? }),
        ADDED => EventKind::MemberAdded(subject(row)?),
        REMOVED => EventKind::MemberRemoved(subject(row)?),
        LEFT => EventKind::MemberLeft(subject(row)?),
        CHANGED => EventKind::MemberChanged(subject(row)?),
        RENAMED => EventKind::Renamed(text()?),
        other => return Err(Error::Decode(format!("unknown kind of event {other}").into())),
    };
    let (seq, msg_no) = (number(row, "seq")?, number(row, "msg_no")?);
    Ok(LogEvent { chat: ChatId(id(row, "chat_id")?), seq, msg_no, at, actor, kind })
}

fn subject(row: &SqliteRow) -> Result<Subject, Error> {
    Ok(Subject {
        user: UserId(id(row, "subject")?),
        name: row.try_get::<Option<String>, _>("subject_name")?.unwrap_or_default(),
        role: role(row.try_get::<Option<i64>, _>("role")?.unwrap_or(0)),
    })
}

/// All of a result's rows through one of the functions above.
pub(super) fn all<T>(
    rows: &[SqliteRow],
    read: impl Fn(&SqliteRow) -> Result<T, Error>,
) -> Result<Vec<T>, Error> {
    rows.iter().map(read).collect()
}
