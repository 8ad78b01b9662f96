//! An event as the columns of its row, and what an outbox row says of who came in. Pure.

use std::borrow::Cow;

use uuid::Uuid;
use zvon_core::message::{EventKind, LogEvent, Subject};
use zvon_protocol::ids::{ChatId, UserId};

use crate::row::{self, signed};

/// What stands in an event's row besides its place, time and author. Of a message only the text.
#[derive(Clone, Debug)]
pub(crate) struct Entry<'a> {
    pub(crate) kind: i16,
    pub(crate) content: Option<Cow<'a, str>>,
    pub(crate) target_seq: Option<i64>,
    pub(crate) subject: Option<Uuid>,
    pub(crate) role: Option<i16>,
}

/// The columns of an event.
pub(crate) fn entry(kind: &EventKind) -> Entry<'_> {
    let bare = |kind| Entry { kind, content: None, target_seq: None, subject: None, role: None };
    let text = |kind, text| Entry { content: Some(Cow::Borrowed(text)), ..bare(kind) };
    let json =
        |kind, text: Result<String, _>| Entry { content: text.ok().map(Cow::Owned), ..bare(kind) };
    let about = |kind, seq| Entry { target_seq: Some(signed(seq)), ..bare(kind) };
    let whom = |kind, subject: &Subject| {
        let role = row::role_number(subject.role);
        Entry { subject: Some(subject.user.0), role: Some(role), ..bare(kind) }
    };
    match kind {
        EventKind::Created => bare(row::CREATED),
        EventKind::Message(message) => text(row::MESSAGE, &message.content),
        EventKind::Pinned(message) => about(row::PINNED, message.seq),
        EventKind::Unpinned(message) => about(row::UNPINNED, message.seq),
        EventKind::MemberAdded(subject) => whom(row::ADDED, subject),
        EventKind::MemberRemoved(subject) => whom(row::REMOVED, subject),
        EventKind::MemberLeft(subject) => whom(row::LEFT, subject),
        EventKind::MemberChanged(subject) => whom(row::CHANGED, subject),
        EventKind::Renamed(title) => text(row::RENAMED, title),
        EventKind::RetentionChanged(retention) => {
            json(row::RETENTION, serde_json::to_string(retention))
        }
        EventKind::Expired { after, upto } => Entry {
            target_seq: Some(signed(*upto)),
            ..json(row::EXPIRED, serde_json::to_string(after))
        },
        EventKind::Emptied => bare(row::EMPTIED),
    }
}

/// Who becomes a member by these events of one chat, as JSON; creating it admits `founders`.
pub(crate) fn admitted(events: &[LogEvent], founders: &[UserId]) -> Option<String> {
    let founded = events
        .first()
        .into_iter()
        .flat_map(|first| founders.iter().map(|user| (first.chat, *user, first.seq)));
    let added = events.iter().filter_map(|event| match &event.kind {
        EventKind::MemberAdded(subject) => Some((event.chat, subject.user, event.seq)),
        _ => None,
    });
    let admitted: Vec<_> = founded.chain(added).collect();
    if admitted.is_empty() { None } else { serde_json::to_string(&admitted).ok() }
}

/// The other way round.
pub(crate) fn read_admitted(
    text: Option<String>,
) -> Result<Vec<(ChatId, UserId, u64)>, sqlx::Error> {
    let read = text.map_or(Ok(Vec::new()), |text| serde_json::from_str(&text));
    read.map_err(|error| sqlx::Error::Decode(error.into()))
}
