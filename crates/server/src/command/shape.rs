//! What is kept, as programs read it: the JSON of `--json` and of exports, the same from either
//! database. Without anything that a token is made from.

use serde_json::{Value, json};
use zvon_core::account::Account;
use zvon_core::chat::Chat;
use zvon_core::message::{EventKind, LogEvent, MessageRow, Subject};
use zvon_core::session::Session;
use zvon_core::webhook::Webhook;
use zvon_store::export::{MadePin, Membership};

/// An account as programs read it.
pub(super) fn account(account: &Account) -> Value {
    json!({
        "id": account.id,
        "email": account.email,
        "name": account.name,
        "createdAt": account.created_at,
        "lastSeen": account.last_seen,
        "disabledAt": account.disabled_at,
    })
}

/// A session as programs read it, without anything that a token is made from.
pub(super) fn session(session: &Session) -> Value {
    json!({
        "id": session.id,
        "createdAt": session.created_at,
        "seenAt": session.seen_at,
        "expiresAt": session.expires_at,
        "revokedAt": session.revoked_at,
        "device": session.device,
        "address": session.address,
        "refreshes": session.refresh.is_some(),
    })
}

/// A webhook, without its secret.
pub(super) fn webhook(webhook: &Webhook) -> Value {
    json!({
        "id": webhook.id,
        "chatId": webhook.chat,
        "url": webhook.url,
        "topics": webhook.topics,
        "createdBy": webhook.created_by,
        "createdAt": webhook.created_at,
        "failingSince": webhook.failing_since,
        "disabledAt": webhook.disabled.as_ref().map(|(at, _)| at),
        "disabledReason": webhook.disabled.as_ref().map(|(_, why)| why),
    })
}

/// A chat.
pub(super) fn chat(chat: &Chat) -> Value {
    json!({
        "id": chat.id,
        "kind": chat.kind,
        "title": chat.title,
        "createdAt": chat.created_at,
        "createdBy": chat.created_by,
        "lastSeq": chat.last_seq,
        "messages": chat.msg_no,
        "lastAt": chat.last_at,
    })
}

/// A membership, present or past.
pub(super) fn member(member: &Membership) -> Value {
    json!({
        "userId": member.user,
        "name": member.name,
        "role": member.role,
        "joinedSeq": member.joined_seq,
        "leftSeq": member.left_seq,
        "deliveredSeq": member.delivered_seq,
        "readSeq": member.read_seq,
        "readMsgNo": member.read_no,
    })
}

/// A pin that still is.
pub(super) fn pin(pin: &MadePin) -> Value {
    json!({ "messageId": pin.message, "seq": pin.seq, "at": pin.at, "pinSeq": pin.pin_seq })
}

/// A message, without its place.
pub(super) fn message(message: &MessageRow) -> Value {
    json!({
        "id": message.id,
        "content": message.content,
        "clientId": message.client_id,
        "forwardedFrom": message.forward.map(|forward| forward.from),
        "originalSender": message.forward.map(|forward| forward.original_sender),
        "pinnedAt": message.pin.map(|pin| pin.at),
        "pinnedBy": message.pin.map(|pin| pin.by),
    })
}

/// An event of a log.
pub(super) fn event(event: &LogEvent) -> Value {
    let (kind, field, value) = match &event.kind {
        EventKind::Created => ("created", "by", json!(event.actor)),
        EventKind::Message(sent) => ("message", "message", message(sent)),
        EventKind::Pinned(message) => ("pinned", "target", target(message)),
        EventKind::Unpinned(message) => ("unpinned", "target", target(message)),
        EventKind::MemberAdded(who) => ("member-added", "subject", subject(who)),
        EventKind::MemberRemoved(who) => ("member-removed", "subject", subject(who)),
        EventKind::MemberLeft(who) => ("member-left", "subject", subject(who)),
        EventKind::MemberChanged(who) => ("member-changed", "subject", subject(who)),
        EventKind::Renamed(title) => ("renamed", "title", json!(title)),
        EventKind::RetentionChanged(retention) => {
            ("retention-changed", "retention", json!(retention))
        }
        EventKind::Expired { after, upto } => {
            ("expired", "stretch", json!({ "after": after, "upto": upto }))
        }
        EventKind::Emptied => ("emptied", "message", Value::Null),
    };
    json!({
        "seq": event.seq,
        "msgNo": event.msg_no,
        "at": event.at,
        "actor": event.actor,
        "kind": kind,
        field: value,
    })
}

fn target(message: &MessageRow) -> Value {
    json!({ "messageId": message.id, "seq": message.seq })
}

fn subject(subject: &Subject) -> Value {
    json!({ "userId": subject.user, "name": subject.name, "role": subject.role })
}
