//! What an event of an account tells.

use serde_json::{Value, json};
use zvon_protocol::ids::{ChatId, UserId};
use zvon_protocol::record::{Activity, Outcome, Payload};
use zvon_protocol::time::Timestamp;

use super::{Known, READ_MOST, Teller, Wanting};
use crate::outbox::event::{AccountEvent, AccountKind};
use crate::outbox::store::Stretch;

/// What was read by it, as far as it is told message by message.
pub(super) fn read(kind: &AccountKind) -> Option<Stretch> {
    match *kind {
        AccountKind::Read { chat, after, upto } => {
            Some(Stretch { chat, after: after.max(upto.saturating_sub(READ_MOST)), upto })
        }
        _ => None,
    }
}

/// Its records; it happened at that time and stands there in its row.
pub(super) fn tell(
    at: Timestamp,
    index: usize,
    event: &AccountEvent,
    known: &Known,
    records: &mut Wanting,
) {
    let user = event.user;
    let parts =
        vec![user.0.as_bytes().to_vec(), (index as u64).to_be_bytes().to_vec(), mark(&event.kind)];
    let mut teller = Teller { at, seq: None, parts, records };
    match &event.kind {
        AccountKind::Created => account(&mut teller, user, "account.created", None),
        AccountKind::PasswordChanged { by_owner } => {
            let details = json!({ "byOwner": by_owner });
            account(&mut teller, user, "password.changed", Some(details));
        }
        AccountKind::Disabled => account(&mut teller, user, "account.disabled", None),
        AccountKind::Enabled => account(&mut teller, user, "account.enabled", None),
        AccountKind::OperatorMade => account(&mut teller, user, "operator.made", None),
        AccountKind::OperatorUnmade => account(&mut teller, user, "operator.unmade", None),
        AccountKind::Webhook { .. } => hooked(&mut teller, user, &event.kind),
        AccountKind::SignInRefused { address, device } => {
            let audit = Audit { result: Outcome::Failure, ..Audit::from(address, device) };
            teller.audit(user, "session.refused", ("account", user.to_string()), audit);
        }
        AccountKind::SessionStarted { session, address, device } => {
            let (session_id, started_at) = (*session, at);
            let (ip, user_agent) = (some(address), some(device));
            let user_id = user;
            teller.of_user(
                user,
                Payload::SessionStarted { user_id, session_id, ip, user_agent, started_at },
            );
            let about = ("session", session.to_string());
            teller.audit(user, "session.started", about, Audit::from(address, device));
        }
        AccountKind::SessionEnded { session, reason } => {
            let (session_id, ended_at, why) = (*session, at, reason.clone());
            let ended = Payload::SessionEnded { user_id: user, session_id, reason: why, ended_at };
            teller.of_user(user, ended);
            let audit = Audit { details: Some(json!({ "reason": reason })), ..Audit::default() };
            teller.audit(user, "session.ended", ("session", session.to_string()), audit);
        }
        AccountKind::Connected { connection, address, device } => {
            let (socket_id, ip, user_agent) = (connection.clone(), some(address), some(device));
            let (user_id, connected_at) = (user, at);
            let online = Payload::UserOnline { user_id, socket_id, connected_at, ip, user_agent };
            teller.of_user(user, online);
            teller.did(user, Activity::Login, None, None);
        }
        AccountKind::Disconnected { connection, lasted } => {
            let (user_id, socket_id, session_duration) = (user, connection.clone(), *lasted);
            let disconnected_at = at;
            let offline =
                Payload::UserOffline { user_id, socket_id, disconnected_at, session_duration };
            teller.of_user(user, offline);
            let metadata = json!({ "sessionDuration": lasted });
            teller.did(user, Activity::Logout, None, Some(metadata));
        }
        AccountKind::Read { chat, .. } => passed(&mut teller, event, *chat, known),
    }
}

/// What tells an event from others of its user and moment. Ids are made of it: it stays as it is.
fn mark(kind: &AccountKind) -> Vec<u8> {
    let (name, which): (&str, &[u8]) = match kind {
        AccountKind::Created => ("created", &[]),
        AccountKind::PasswordChanged { .. } => ("password", &[]),
        AccountKind::Disabled => ("disabled", &[]),
        AccountKind::Enabled => ("enabled", &[]),
        AccountKind::OperatorMade => ("operator", &[]),
        AccountKind::OperatorUnmade => ("no-operator", &[]),
        AccountKind::Webhook { webhook, act, .. } => {
            let which = [act.as_bytes(), b" ", webhook.0.as_bytes()].concat();
            return [b"webhook ".as_slice(), &which].concat();
        }
        AccountKind::SignInRefused { address, .. } => ("refused", address.as_bytes()),
        AccountKind::SessionStarted { session, .. } => ("started", session.0.as_bytes()),
        AccountKind::SessionEnded { session, .. } => ("ended", session.0.as_bytes()),
        AccountKind::Connected { connection, .. } => ("connected", connection.as_bytes()),
        AccountKind::Disconnected { connection, .. } => ("disconnected", connection.as_bytes()),
        AccountKind::Read { chat, upto, .. } => {
            let place = [chat.0.as_bytes().as_slice(), &upto.to_be_bytes()].concat();
            return [b"read ".as_slice(), &place].concat();
        }
    };
    [name.as_bytes(), b" ", which].concat()
}

/// The messages of others that a read cursor passed.
fn passed(teller: &mut Teller<'_>, event: &AccountEvent, chat: ChatId, known: &Known) {
    let Some(stretch) = read(&event.kind) else { return };
    let messages = known.passed.get(&chat).map_or(&[][..], Vec::as_slice);
    let first = messages.partition_point(|message| message.seq <= stretch.after);
    let last = messages.partition_point(|message| message.seq <= stretch.upto);
    let (read_by, read_at) = (event.user, teller.at);
    for message in messages[first..last.max(first)].iter().filter(|one| one.sender != read_by) {
        teller.seq = Some(message.seq);
        let message_id = message.id;
        let payload = Payload::MessageRead { message_id, chat_id: chat, read_by, read_at };
        teller.push(chat.0, payload, &[message_id.0.as_bytes()]);
    }
    teller.seq = None;
    teller.did(read_by, Activity::MessageRead, Some(chat), None);
}

/// A change of a webhook.
fn hooked(teller: &mut Teller<'_>, user: UserId, kind: &AccountKind) {
    let AccountKind::Webhook { webhook, chat, act, host } = kind else { return };
    let details = Some(json!({ "by": user, "chatId": chat, "host": host }));
    let (action, about) = (format!("webhook.{act}"), ("webhook", webhook.to_string()));
    teller.audit(user, &action, about, Audit { details, ..Audit::default() });
}

fn account(teller: &mut Teller<'_>, user: UserId, action: &str, details: Option<Value>) {
    let audit = Audit { details, ..Audit::default() };
    teller.audit(user, action, ("account", user.to_string()), audit);
}

/// A text, unless there is none.
fn some(text: &str) -> Option<String> {
    Some(text).filter(|text| !text.is_empty()).map(str::to_owned)
}

/// What is known of an audited act besides.
struct Audit {
    result: Outcome,
    ip: Option<String>,
    user_agent: Option<String>,
    details: Option<Value>,
}

impl Default for Audit {
    fn default() -> Self {
        Self { result: Outcome::Success, ip: None, user_agent: None, details: None }
    }
}

impl Audit {
    fn from(address: &str, device: &str) -> Self {
        Self { ip: some(address), user_agent: some(device), ..Self::default() }
    }
}

impl Teller<'_> {
    fn audit(&mut self, user_id: UserId, action: &str, about: (&str, String), audit: Audit) {
        let (resource, resource_id) = (about.0.to_owned(), about.1);
        let Audit { result, ip, user_agent, details } = audit;
        let (action, timestamp) = (action.to_owned(), self.at);
        self.of_user(
            user_id,
            Payload::AuditLog {
                user_id,
                action,
                resource,
                resource_id,
                result,
                ip,
                user_agent,
                details,
                timestamp,
            },
        );
    }

    fn did(
        &mut self,
        user_id: UserId,
        activity_type: Activity,
        chat_id: Option<ChatId>,
        metadata: Option<Value>,
    ) {
        let timestamp = self.at;
        let activity =
            Payload::AnalyticsUserActivity { user_id, activity_type, chat_id, metadata, timestamp };
        self.of_user(user_id, activity);
    }
}
