//! From the log to sockets, and back as cursors.
//!
//! A [`lane::Lane`] carries sends into the store in group commits. What a commit added goes, as
//! [`Delivery`], to the [`sequencer::Sequencer`], which hands each chat's events to the
//! [`fanout::Fanout`] in order of seq, each once. What clients received and read comes back
//! through [`cursor::Cursors`], coalesced, and [`notice`] tells the senders.

pub mod bus;
pub mod catch_up;
pub mod cursor;
pub(crate) mod elsewhere;
pub mod fanout;
pub mod lane;
pub mod news;
pub mod notice;
pub mod order;
pub mod sequencer;
pub mod store;
pub(crate) mod turns;

use zvon_protocol::event::{
    ChatUpdated, MemberNotice, MessageForwarded, MessagesExpired, PinNotice, RetentionChanged,
    ServerEvent,
};
use zvon_protocol::ids::{ChatId, UserId};
use zvon_protocol::message::Status;
use zvon_protocol::time::Timestamp;

use crate::message::{EventKind, LogEvent, MessageRow, Subject};

/// One event of a chat's log on its way to sockets.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// Where.
    pub chat: ChatId,
    /// Its place in the log.
    pub seq: u64,
    /// When it was committed.
    pub at: Timestamp,
    /// What the chat's sockets hear; `None` for an event that changes nothing on a screen.
    pub event: Option<ServerEvent>,
    /// A second notice without a place in the log, heard right after it.
    pub aside: Option<ServerEvent>,
    /// Who is no member any more from here on.
    pub left: Option<UserId>,
}

impl Delivery {
    /// The delivery of a log event, with this status if it is a message.
    #[must_use]
    pub fn new(event: &LogEvent, status: Status) -> Self {
        Self {
            chat: event.chat,
            seq: event.seq,
            at: event.at,
            event: event_of(event, status),
            aside: aside_of(&event.kind),
            left: match &event.kind {
                EventKind::MemberRemoved(subject) | EventKind::MemberLeft(subject) => {
                    Some(subject.user)
                }
                _ => None,
            },
        }
    }
}

fn event_of(event: &LogEvent, status: Status) -> Option<ServerEvent> {
    let pin = |row: &MessageRow| PinNotice {
        message_seq: row.seq,
        message: zvon_protocol::message::Message { seq: event.seq, ..row.to_wire(status) },
    };
    let member = |subject: &Subject| MemberNotice {
        chat_id: event.chat,
        user_id: subject.user,
        name: subject.name.clone(),
        by: event.actor,
        role: subject.role,
        seq: event.seq,
        at: event.at,
    };
    Some(match &event.kind {
        EventKind::Created | EventKind::Emptied => return None,
        EventKind::Message(row) => ServerEvent::Message(row.to_wire(status)),
        EventKind::Pinned(row) => ServerEvent::MessagePinned(pin(row)),
        EventKind::Unpinned(row) => ServerEvent::MessageUnpinned(pin(row)),
        EventKind::MemberAdded(subject) => ServerEvent::MemberAdded(member(subject)),
        EventKind::MemberRemoved(subject) => ServerEvent::MemberRemoved(member(subject)),
        EventKind::MemberLeft(subject) => ServerEvent::MemberLeft(member(subject)),
        EventKind::MemberChanged(subject) => ServerEvent::MemberChanged(member(subject)),
        EventKind::Renamed(title) => ServerEvent::ChatUpdated(ChatUpdated {
            chat_id: event.chat,
            title: title.clone(),
            by: event.actor,
            seq: event.seq,
            at: event.at,
        }),
        EventKind::RetentionChanged(retention) => ServerEvent::RetentionChanged(RetentionChanged {
            chat_id: event.chat,
            retention: *retention,
            by: event.actor,
            seq: event.seq,
            at: event.at,
        }),
        EventKind::Expired { upto, .. } => ServerEvent::MessagesExpired(MessagesExpired {
            chat_id: event.chat,
            upto_seq: *upto,
            seq: event.seq,
            at: event.at,
        }),
    })
}

fn aside_of(kind: &EventKind) -> Option<ServerEvent> {
    let EventKind::Message(row) = kind else { return None };
    row.forward.map(|forward| {
        ServerEvent::MessageForwarded(MessageForwarded {
            message_id: row.id,
            to_chat_id: row.chat,
            forwarded_by: row.sender,
            original_sender_id: forward.original_sender,
        })
    })
}
