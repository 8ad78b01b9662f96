//! What an event of a chat's log tells.

use serde_json::json;
use zvon_protocol::chat::ChatKind;
use zvon_protocol::ids::{ChatId, UserId};
use zvon_protocol::record::{Activity, Changes, Left, Outcome, Payload};

use super::{Teller, Wanting};
use crate::message::{EventKind, LogEvent, MessageRow, Subject};
use crate::outbox::store::Told;

/// Its records; `admitted` is the row's.
pub(super) fn tell(told: &Told, admitted: &[(ChatId, UserId, u64)], records: &mut Wanting) {
    let event = &told.event;
    let parts = vec![event.chat.0.as_bytes().to_vec(), event.seq.to_be_bytes().to_vec()];
    let mut teller = Teller { at: event.at, seq: Some(event.seq), parts, records };
    match &event.kind {
        EventKind::Created => created(&mut teller, told, admitted),
        EventKind::Message(message) => sent(&mut teller, told, message),
        EventKind::Pinned(message) => {
            let (message_id, pinned_by, pinned_at) = (message.id, event.actor, event.at);
            let chat_id = event.chat;
            let pinned = Payload::MessagePinned { message_id, chat_id, pinned_by, pinned_at };
            teller.of_chat(chat_id, pinned);
        }
        EventKind::Unpinned(message) => {
            let (message_id, unpinned_by, unpinned_at) = (message.id, event.actor, event.at);
            let chat_id = event.chat;
            let unpinned =
                Payload::MessageUnpinned { message_id, chat_id, unpinned_by, unpinned_at };
            teller.of_chat(chat_id, unpinned);
        }
        EventKind::MemberAdded(subject) => joined(&mut teller, event, subject),
        EventKind::MemberRemoved(subject) => {
            left(&mut teller, event, subject, Left::Removed, Some(event.actor));
        }
        EventKind::MemberLeft(subject) => left(&mut teller, event, subject, Left::Left, None),
        EventKind::MemberChanged(subject) => {
            let (member, role) = (Some(subject.user), Some(subject.role));
            updated(&mut teller, event, Changes { member, role, ..Changes::default() });
            audit(&mut teller, event, subject.user, "role.changed");
        }
        EventKind::Renamed(title) => {
            let title = Some(title.clone());
            updated(&mut teller, event, Changes { title, ..Changes::default() });
        }
        EventKind::RetentionChanged(retention) => {
            let retention = Some(*retention);
            updated(&mut teller, event, Changes { retention, ..Changes::default() });
            audit(&mut teller, event, event.actor, "retention.changed");
        }
        EventKind::Expired { .. } => expired(&mut teller, told),
        // What expired before it was told is told no more: its `message.deleted` follows.
        EventKind::Emptied => {}
    }
}

fn created(teller: &mut Teller<'_>, told: &Told, admitted: &[(ChatId, UserId, u64)]) {
    let event = &told.event;
    let mut participants = vec![event.actor];
    for (chat, user, seq) in admitted {
        if *chat == event.chat && *seq == event.seq && !participants.contains(user) {
            participants.push(*user);
        }
    }
    teller.of_chat(
        event.chat,
        Payload::ChatCreated {
            chat_id: event.chat,
            kind: told.kind.unwrap_or(ChatKind::Group),
            created_by: event.actor,
            participants,
            created_at: event.at,
        },
    );
    did(teller, event, Activity::ChatCreated);
    audit(teller, event, event.actor, "chat.created");
}

fn sent(teller: &mut Teller<'_>, told: &Told, message: &MessageRow) {
    let (chat_id, message_id, sender_id) = (message.chat, message.id, message.sender);
    let metadata = message.forward.map(|forward| {
        json!({ "forwardedFrom": forward.from, "originalSender": forward.original_sender })
    });
    let (content, created_at) = (message.content.clone(), message.at);
    teller.of_chat(
        chat_id,
        Payload::MessageCreated { message_id, chat_id, sender_id, content, created_at, metadata },
    );
    if let Some(forward) = message.forward {
        teller.of_chat(
            chat_id,
            Payload::MessageForwarded {
                original_message_id: forward.from,
                new_message_id: message_id,
                from_chat_id: told.from_chat,
                to_chat_id: chat_id,
                forwarded_by: sender_id,
                forwarded_at: message.at,
            },
        );
    }
    teller.of_chat(
        chat_id,
        Payload::AnalyticsMessage {
            message_id,
            chat_id,
            sender_id,
            message_length: message.content.encode_utf16().count(),
            has_media: false,
            timestamp: message.at,
        },
    );
    did(teller, &told.event, Activity::MessageSent);
}

/// One record for each message that is gone.
fn expired(teller: &mut Teller<'_>, told: &Told) {
    let (chat_id, deleted_at) = (told.event.chat, told.event.at);
    for message_id in &told.expired {
        let deleted = Payload::MessageDeleted {
            message_id: *message_id,
            chat_id,
            deleted_by: None,
            deleted_at,
            soft: false,
        };
        teller.push(chat_id.0, deleted, &[message_id.0.as_bytes()]);
    }
}

fn joined(teller: &mut Teller<'_>, event: &LogEvent, subject: &Subject) {
    let added_by = Some(event.actor).filter(|actor| *actor != subject.user);
    let (chat_id, user_id, joined_at) = (event.chat, subject.user, event.at);
    teller.of_chat(chat_id, Payload::UserJoinedChat { chat_id, user_id, added_by, joined_at });
    audit(teller, event, user_id, "member.added");
}

fn left(
    teller: &mut Teller<'_>,
    event: &LogEvent,
    subject: &Subject,
    reason: Left,
    removed_by: Option<UserId>,
) {
    let (chat_id, user_id, left_at) = (event.chat, subject.user, event.at);
    let left = Payload::UserLeftChat { chat_id, user_id, left_at, reason, removed_by };
    teller.of_chat(chat_id, left);
    let action = match reason {
        Left::Left => "member.left",
        Left::Removed => "member.removed",
    };
    audit(teller, event, user_id, action);
}

fn updated(teller: &mut Teller<'_>, event: &LogEvent, changes: Changes) {
    let (chat_id, updated_by, updated_at) = (event.chat, event.actor, event.at);
    let updated = Payload::ChatUpdated { chat_id, updated_by, changes, updated_at };
    teller.of_chat(chat_id, updated);
}

/// What the event's author did, for counting.
fn did(teller: &mut Teller<'_>, event: &LogEvent, activity_type: Activity) {
    let (user_id, chat_id, timestamp) = (event.actor, Some(event.chat), event.at);
    let activity = Payload::AnalyticsUserActivity {
        user_id,
        activity_type,
        chat_id,
        metadata: None,
        timestamp,
    };
    teller.of_user(user_id, activity);
}

/// A change of who may read and do what in a chat.
fn audit(teller: &mut Teller<'_>, event: &LogEvent, user_id: UserId, action: &str) {
    let details = match &event.kind {
        EventKind::MemberChanged(subject) | EventKind::MemberAdded(subject) => {
            json!({ "by": event.actor, "role": subject.role })
        }
        EventKind::RetentionChanged(retention) => {
            json!({ "by": event.actor, "retention": retention })
        }
        _ => json!({ "by": event.actor }),
    };
    let audit = Payload::AuditLog {
        user_id,
        action: action.to_owned(),
        resource: "chat".to_owned(),
        resource_id: event.chat.to_string(),
        result: Outcome::Success,
        ip: None,
        user_agent: None,
        details: Some(details),
        timestamp: event.at,
    };
    teller.of_user(user_id, audit);
}
