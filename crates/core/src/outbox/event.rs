//! What happens to accounts rather than chats: it has no seq and stands in the outbox alone, in
//! the row of the transaction that did it (`extra`, a JSON array of these).
//!
//! Written by the store's verbs; read by whoever follows the outbox. The JSON
//! is read by other versions of Zvon: fields are added, never renamed; what is not understood is
//! passed over.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use zvon_protocol::ids::{ChatId, SessionId, UserId, WebhookId};

/// Something that happened to an account. Its time is that of its outbox row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountEvent {
    /// Whose.
    pub user: UserId,
    /// What.
    pub kind: AccountKind,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AccountKind {
    /// The account was made.
    Created,
    /// A sign-in to an account that exists, and that the password did not fit or that is closed.
    SignInRefused {
        /// Where from.
        address: String,
        /// The user agent.
        device: String,
    },
    /// A session began.
    SessionStarted {
        /// Which.
        session: SessionId,
        /// Where from.
        address: String,
        /// The user agent.
        device: String,
    },
    /// A session was ended before its time.
    SessionEnded {
        /// Which.
        session: SessionId,
        /// The word of [`crate::session::Reason`].
        reason: String,
    },
    /// The password is another one.
    PasswordChanged {
        /// By its owner; otherwise by an operator.
        by_owner: bool,
    },
    /// An operator closed the account.
    Disabled,
    /// An operator opened it again.
    Enabled,
    /// An operator made the user one, too.
    OperatorMade,
    /// An operator made the user none any more.
    OperatorUnmade,
    /// The user made, changed or deleted a webhook.
    Webhook {
        /// Which.
        webhook: WebhookId,
        /// Of which chat; `None`: of all events.
        chat: Option<ChatId>,
        /// `created`, `enabled`, `disabled` or `deleted`.
        act: String,
        /// Where it posts to: the host alone, for the rest of a URL may be a secret.
        host: String,
    },
    /// A connection began.
    Connected {
        /// Its id, as the sockets show it.
        connection: String,
        /// Where from.
        address: String,
        /// The user agent.
        device: String,
    },
    /// A connection ended.
    Disconnected {
        /// Its id, as the sockets show it.
        connection: String,
        /// How long it lasted, in milliseconds.
        lasted: u64,
    },
    /// The read cursor moved.
    Read {
        /// Where.
        chat: ChatId,
        /// From where, excluded.
        after: u64,
        /// To where, included.
        upto: u64,
    },
}

/// The events of a row's `extra`, each with its place there. What is not understood, because a
/// newer version wrote it, is passed over; `None` if all of it is no array of anything.
#[must_use]
pub fn read(extra: &str) -> Option<Vec<(usize, AccountEvent)>> {
    if let Ok(events) = serde_json::from_str::<Vec<AccountEvent>>(extra) {
        return Some(events.into_iter().enumerate().collect());
    }
    let events = serde_json::from_str::<Vec<Value>>(extra).ok()?.into_iter().enumerate();
    let known = events.filter_map(|(index, event)| {
        serde_json::from_value(event).ok().map(|event| (index, event))
    });
    Some(known.collect())
}

#[cfg(test)]
mod tests {
    use super::{AccountKind, read};

    #[test]
    fn what_a_newer_version_wrote_is_passed_over() {
        let user = "00000000-0000-0000-0000-000000000001";
        let text = format!(
            r#"[{{"user":"{user}","kind":"created"}},{{"user":"{user}","kind":{{"of-tomorrow":{{}}}}}},
            {{"user":"{user}","kind":"disabled","more":1}}]"#
        );
        let events = read(&text).unwrap();
        let kinds: Vec<_> = events.iter().map(|(index, event)| (*index, &event.kind)).collect();
        assert_eq!(kinds, [(0, &AccountKind::Created), (2, &AccountKind::Disabled)]);
        assert_eq!(read("[]"), Some(Vec::new()));
        assert_eq!(read("{}"), None);
    }
}
