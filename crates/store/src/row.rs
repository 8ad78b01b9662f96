//! Rows of either database as domain values.

use serde::de::DeserializeOwned;
use sqlx::Error;
use zvon_core::account::Account;
use zvon_core::chat::standing::{Pins, Standing};
use zvon_core::chat::{Chat, Member};
use zvon_core::message::store::Pinned;
use zvon_core::message::{EventKind, Forward, LogEvent, MessageRow, Pin, Subject};
use zvon_core::outbox::position::Position;
use zvon_core::outbox::store::{Backlog, Bookmark, Passed, Told};
use zvon_core::retention::policy::Place;
use zvon_core::session::store::Ended;
use zvon_core::session::{Reason, Refresh, Session};
use zvon_protocol::chat::{ChatKind, Retention, Role};
use zvon_protocol::ids::{ChatId, MessageId, SessionId, UserId};
use zvon_protocol::time::Timestamp;

pub(crate) use crate::columns::{Columns, LAST, all, id, number, signed, text, time, unsigned};
use crate::columns::{maybe_time, some};

/// Kinds of events, as they are stored.
pub(crate) const CREATED: i16 = 0;
pub(crate) const MESSAGE: i16 = 1;
pub(crate) const PINNED: i16 = 2;
pub(crate) const UNPINNED: i16 = 3;
pub(crate) const ADDED: i16 = 4;
pub(crate) const REMOVED: i16 = 5;
pub(crate) const LEFT: i16 = 6;
pub(crate) const CHANGED: i16 = 7;
pub(crate) const RENAMED: i16 = 8;
pub(crate) const EXPIRED: i16 = 9;
pub(crate) const EMPTIED: i16 = 10;
pub(crate) const RETENTION: i16 = 11;

pub(crate) fn account(row: &impl Columns) -> Result<Account, Error> {
    Ok(Account {
        id: UserId(id(row, "id")?),
        email: text(row, "email")?,
        name: text(row, "name")?,
        created_at: time(row, "created_at")?,
        last_seen: maybe_time(row, "last_seen")?,
        disabled_at: maybe_time(row, "disabled_at")?,
    })
}

pub(crate) fn session(row: &impl Columns) -> Result<Session, Error> {
    Ok(Session {
        id: SessionId(id(row, "id")?),
        user: UserId(id(row, "user_id")?),
        created_at: time(row, "created_at")?,
        seen_at: time(row, "seen_at")?,
        expires_at: time(row, "expires_at")?,
        revoked_at: maybe_time(row, "revoked_at")?,
        device: text(row, "device")?,
        address: text(row, "address")?,
        refresh: refresh(row)?,
    })
}

fn refresh(row: &impl Columns) -> Result<Option<Refresh>, Error> {
    let nonce = row.uuid("refresh_nonce")?;
    let number = row.int("refresh_number")?.and_then(|number| u32::try_from(number).ok());
    Ok(nonce.zip(number).map(|(nonce, number)| Refresh { nonce, number }))
}

pub(crate) fn role(value: i64) -> Role {
    if value == 0 { Role::Member } else { Role::Admin }
}

pub(crate) fn role_number(role: Role) -> i16 {
    i16::from(role == Role::Admin)
}

fn chat_kind(kind: i64) -> ChatKind {
    if kind == 0 { ChatKind::Private } else { ChatKind::Group }
}

pub(crate) fn chat(row: &impl Columns) -> Result<Chat, Error> {
    Ok(Chat {
        id: ChatId(id(row, "id")?),
        kind: chat_kind(some(row.int("kind")?, "kind")?),
        title: row.text("title")?,
        created_at: time(row, "created_at")?,
        created_by: UserId(id(row, "created_by")?),
        last_seq: number(row, "last_seq")?,
        msg_no: number(row, "msg_no")?,
        last_at: time(row, "last_at")?,
        expired_seq: number(row, "expired_seq")?,
        expired_no: number(row, "expired_no")?,
        retention: Retention {
            max_age_ms: row.int("keep_age")?.map(unsigned).transpose()?,
            max_count: row.int("keep_count")?.map(unsigned).transpose()?,
        },
    })
}

/// A message's place from its row.
pub(crate) fn message_place(row: &impl Columns) -> Result<Place, Error> {
    Ok(Place { seq: number(row, "seq")?, msg_no: number(row, "msg_no")?, at: time(row, "at")? })
}

/// A chat that is to be looked at, and since when.
pub(crate) fn due(row: &impl Columns) -> Result<(ChatId, Timestamp), Error> {
    Ok((ChatId(id(row, "id")?), time(row, "sweep_at")?))
}

pub(crate) fn member(row: &impl Columns) -> Result<Member, Error> {
    Ok(Member {
        chat: ChatId(id(row, "chat_id")?),
        user: UserId(id(row, "user_id")?),
        name: text(row, "name")?,
        role: role(some(row.int("role")?, "role")?),
        joined_seq: number(row, "joined_seq")?,
        delivered_seq: number(row, "delivered_seq")?,
        read_seq: number(row, "read_seq")?,
        read_no: number(row, "read_no")?,
    })
}

/// How a chat stands, from its members' rows with `head`, `expired_seq`, `pin_count` and `newest_pin`
/// beside them.
pub(crate) fn standing<R: Columns>(rows: &[R]) -> Result<Option<Standing>, Error> {
    let Some(first) = rows.first() else { return Ok(None) };
    let newest = first.int("newest_pin")?.map_or(Ok(0), unsigned)?;
    let pins = Pins { count: number(first, "pin_count")?, newest };
    let (head, expired) = (number(first, "head")?, number(first, "expired_seq")?);
    Ok(Some(Standing { head, expired, pins, members: all(rows, member)? }))
}

/// Pinned messages, the newest pin first, from their rows with `head` and `pin_seq` beside them.
pub(crate) fn pinned<R: Columns>(rows: &[R]) -> Result<Pinned, Error> {
    let Some(first) = rows.first() else { return Ok(Pinned::default()) };
    let (count, newest) = (rows.len() as u64, number(first, "pin_seq")?);
    let stamp = Pins { count, newest };
    Ok(Pinned { head: number(first, "head")?, stamp, rows: all(rows, message)? })
}

/// A message from a row of `events` with `pin_at` and `pin_by` beside it.
pub(crate) fn message(row: &impl Columns) -> Result<MessageRow, Error> {
    let forward = row.uuid("forwarded_from")?.zip(row.uuid("original_sender")?);
    let pin = maybe_time(row, "pin_at")?.zip(row.uuid("pin_by")?);
    Ok(MessageRow {
        id: MessageId(id(row, "id")?),
        chat: ChatId(id(row, "chat_id")?),
        seq: number(row, "seq")?,
        msg_no: number(row, "msg_no")?,
        at: time(row, "at")?,
        sender: UserId(id(row, "actor")?),
        content: row.text("content")?.unwrap_or_default(),
        client_id: row.text("client_id")?,
        forward: forward.map(|(from, original)| Forward {
            from: MessageId(from),
            original_sender: UserId(original),
        }),
        pin: pin.map(|(at, by)| Pin { at, by: UserId(by) }),
    })
}

/// An event from a row of `events`; `target` is the message it is about, if it is about one that is
/// still there.
pub(crate) fn event(row: &impl Columns, target: Option<MessageRow>) -> Result<LogEvent, Error> {
    let (at, actor) = (time(row, "at")?, UserId(id(row, "actor")?));
    let kind = match i16::try_from(some(row.int("kind")?, "kind")?).unwrap_or(-1) {
        CREATED => EventKind::Created,
        MESSAGE => EventKind::Message(message(row)?),
        PINNED => target.map_or(EventKind::Emptied, |about| {
            EventKind::Pinned(MessageRow { pin: Some(Pin { at, by: actor }), ..about })
        }),
        UNPINNED => target.map_or(EventKind::Emptied, |about| {
            EventKind::Unpinned(MessageRow { pin: None, ..about })
        }),
        ADDED => EventKind::MemberAdded(subject(row)?),
        REMOVED => EventKind::MemberRemoved(subject(row)?),
        LEFT => EventKind::MemberLeft(subject(row)?),
        CHANGED => EventKind::MemberChanged(subject(row)?),
        RENAMED => EventKind::Renamed(row.text("content")?.unwrap_or_default()),
        EXPIRED => EventKind::Expired { after: json(row)?, upto: number(row, "target_seq")? },
        EMPTIED => EventKind::Emptied,
        RETENTION => EventKind::RetentionChanged(json(row)?),
        other => return Err(Error::Decode(format!("unknown kind of event {other}").into())),
    };
    let (seq, msg_no) = (number(row, "seq")?, number(row, "msg_no")?);
    Ok(LogEvent { chat: ChatId(id(row, "chat_id")?), seq, msg_no, at, actor, kind })
}

/// What stands in an event's text as JSON.
fn json<T: DeserializeOwned>(row: &impl Columns) -> Result<T, Error> {
    serde_json::from_str(&text(row, "content")?).map_err(|error| Error::Decode(error.into()))
}

fn subject(row: &impl Columns) -> Result<Subject, Error> {
    Ok(Subject {
        user: UserId(id(row, "subject")?),
        name: row.text("subject_name")?.unwrap_or_default(),
        role: role(row.int("role")?.unwrap_or(0)),
    })
}

/// An end of a session.
pub(crate) fn ended(row: &impl Columns) -> Result<Ended, Error> {
    let reason = row.text("reason")?;
    Ok(Ended {
        session: SessionId(id(row, "id")?),
        user: UserId(id(row, "user_id")?),
        // Ends of versions that noted no reason have long been heard of.
        reason: reason.and_then(|word| Reason::of_word(&word)).unwrap_or(Reason::Revoked),
    })
}

/// The session that a row names.
pub(crate) fn session_id(row: &impl Columns) -> Result<SessionId, Error> {
    id(row, "id").map(SessionId)
}

/// The chat of a row and how long its log is.
pub(crate) fn head(row: &impl Columns) -> Result<(ChatId, u64), Error> {
    Ok((ChatId(id(row, "id")?), number(row, "last_seq")?))
}

/// The message of a row, where it stands and who sent it.
pub(crate) fn passed(row: &impl Columns) -> Result<(MessageId, u64, UserId), Error> {
    Ok((MessageId(id(row, "id")?), number(row, "seq")?, UserId(id(row, "actor")?)))
}

/// An event as [`event`], with `chat_kind` and `from_chat` beside it.
pub(crate) fn told(row: &impl Columns, target: Option<MessageRow>) -> Result<Told, Error> {
    Ok(Told {
        event: event(row, target)?,
        kind: row.int("chat_kind")?.map(chat_kind),
        from_chat: row.uuid("from_chat")?.map(ChatId),
        expired: Vec::new(),
    })
}

/// A message that was passed in one of several chats.
pub(crate) fn passed_in(row: &impl Columns) -> Result<Passed, Error> {
    let (id, seq, sender) = passed(row)?;
    Ok(Passed { chat: ChatId(self::id(row, "chat_id")?), id, seq, sender })
}

/// A reader's position in the outbox.
pub(crate) fn position(row: &impl Columns) -> Result<Position, Error> {
    Ok(Position {
        reader: text(row, "reader")?,
        fence: number(row, "fence")?,
        place: Bookmark(text(row, "place")?),
        reached: time(row, "reached")?,
        moved_at: time(row, "moved_at")?,
    })
}

/// What lies beyond the row `top`, from the ids of the `first` and the `newest` row that are there.
pub(crate) fn backlog(row: &impl Columns, top: u64) -> Result<Backlog, Error> {
    let number = |column| row.int(column)?.map(unsigned).transpose();
    let (first, newest) = (number("first")?.unwrap_or(0), number("newest")?.unwrap_or(0));
    let rows = newest.saturating_sub(top.max(first.saturating_sub(1)));
    Ok(Backlog { rows, oldest: maybe_time(row, "oldest")? })
}

/// The message of a row and where it stands.
pub(crate) fn place(row: &impl Columns) -> Result<(MessageId, u64), Error> {
    Ok((MessageId(id(row, "id")?), number(row, "seq")?))
}
