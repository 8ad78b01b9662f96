//! Webhooks: events told to other systems over HTTP, of one chat by its admins' wish or all events
//! by an operator's.
//!
//! [`job`] makes a delivery of each event for each webhook that wants it, once; [`courier`] posts
//! deliveries until they are taken, for about a day (`schedule`), signed (`sign`); a webhook that
//! fails for long is disabled and says so. At least once, in no promised order: the receiver is told
//! the event's id and its place in the chat. [`manage`] is what the API calls. No address inside the
//! operator's own network is posted to ([`post`]).

pub mod courier;
pub mod job;
pub mod manage;
mod meters;
pub mod post;
mod schedule;
mod sign;
pub mod store;

use std::fmt;

use uuid::Uuid;
use zvon_protocol::ids::{ChatId, UserId, WebhookId};
use zvon_protocol::time::Timestamp;

/// A webhook, without its secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Webhook {
    /// Identity.
    pub id: WebhookId,
    /// The chat whose events it is told; `None`: all events.
    pub chat: Option<ChatId>,
    /// Where to.
    pub url: String,
    /// The topics it wants; `None`: all it may have.
    pub topics: Option<Vec<String>>,
    /// Who made it.
    pub created_by: UserId,
    /// When.
    pub created_at: Timestamp,
    /// Since when no delivery was taken, if the last one was not.
    pub failing_since: Option<Timestamp>,
    /// Since when it is disabled, if it is, and why.
    pub disabled: Option<(Timestamp, String)>,
}

impl Webhook {
    /// Whether it is told of an event of that topic, which is in its chat if it has one.
    #[must_use]
    pub fn wants(&self, topic: &str) -> bool {
        let may = self.chat.is_none() || is_of_chat(topic);
        may && self.topics.as_ref().is_none_or(|topics| topics.iter().any(|one| one == topic))
    }
}

/// Whether events of that topic are the business of a chat's admins.
#[must_use]
pub fn is_of_chat(topic: &str) -> bool {
    topic.starts_with("message.")
        || topic.starts_with("chat.")
        || matches!(topic, "user.joined.chat" | "user.left.chat")
}

/// What signs deliveries. Shown once, when the webhook is made.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(pub String);

impl Secret {
    /// A new one, of 244 random bits.
    #[must_use]
    pub fn random() -> Self {
        Self(format!("whsec_{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple()))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

/// How far a delivery is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// It is tried, again if need be, at that time or soon after.
    Waiting(Timestamp),
    /// It was taken.
    Delivered,
    /// It was given up.
    Failed,
}

/// One event for one webhook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// Identity.
    pub id: Uuid,
    /// For whom.
    pub webhook: WebhookId,
    /// The event.
    pub event_id: String,
    /// Its topic.
    pub topic: String,
    /// What is posted; empty once nothing is to be posted any more.
    pub body: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// How far it is.
    pub progress: Progress,
    /// How often it was tried.
    pub tries: u32,
    /// How the last try went.
    pub last: Option<Try>,
}

/// How a try went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Try {
    /// When it ended.
    pub at: Timestamp,
    /// How long it took, in milliseconds.
    pub took: u64,
    /// What was answered, if anything was.
    pub status: Option<u16>,
    /// Why it failed, if it did.
    pub error: Option<String>,
}

#[cfg(test)]
mod tests {
    use zvon_protocol::ids::{ChatId, UserId, WebhookId};
    use zvon_protocol::record::TOPICS;

    use super::{Secret, Timestamp, Uuid, Webhook};

    fn webhook(chat: Option<ChatId>, topics: Option<&[&str]>) -> Webhook {
        Webhook {
            id: WebhookId(Uuid::nil()),
            chat,
            url: String::new(),
            topics: topics.map(|topics| topics.iter().map(|topic| (*topic).to_owned()).collect()),
            created_by: UserId(Uuid::nil()),
            created_at: Timestamp(0),
            failing_since: None,
            disabled: None,
        }
    }

    #[test]
    fn a_chats_webhook_hears_of_the_chat_alone() {
        let of_chat = webhook(Some(ChatId(Uuid::nil())), None);
        let wanted: Vec<_> = TOPICS.into_iter().filter(|topic| of_chat.wants(topic)).collect();
        assert!(wanted.contains(&"message.created") && wanted.contains(&"user.left.chat"));
        assert!(wanted.iter().all(|topic| !topic.starts_with("audit") && !topic.contains("sess")));
        let sly = webhook(Some(ChatId(Uuid::nil())), Some(&["session.started", "message.pinned"]));
        assert!(sly.wants("message.pinned") && !sly.wants("session.started"));
        assert!(TOPICS.into_iter().all(|topic| webhook(None, None).wants(topic)));
        let one = webhook(None, Some(&["audit.log"]));
        assert!(one.wants("audit.log") && !one.wants("message.created"));
    }

    #[test]
    fn secrets_differ_and_are_not_shown() {
        let (one, other) = (Secret::random(), Secret::random());
        assert!(one != other && one.0.len() == 70 && one.0.starts_with("whsec_"));
        assert_eq!(format!("{one:?}"), "Secret");
    }
}
