//! The job that counts.

use std::sync::Arc;

use async_trait::async_trait;
use zvon_protocol::day::Day;
use zvon_protocol::record::Payload;
use zvon_protocol::time::Timestamp;

use super::store::AnalyticsStore;
use super::{Fact, What};
use crate::clock::Clock;
use crate::event_log::Record;
use crate::job::{Job, JobError, Once};

/// The job's name.
pub const NAME: &str = "analytics";

/// Counts what happens.
pub struct Count {
    store: Arc<dyn AnalyticsStore>,
    clock: Arc<dyn Clock>,
}

impl Count {
    /// In that store.
    #[must_use]
    pub fn new(store: Arc<dyn AnalyticsStore>, clock: Arc<dyn Clock>) -> Self {
        Self { store, clock }
    }
}

#[async_trait]
impl Job for Count {
    fn name(&self) -> &'static str {
        NAME
    }

    /// One record per message, and none with a text in it.
    fn topics(&self) -> &'static [&'static str] {
        &["analytics.message", "chat.created", "user.online", "session.started", "audit.log"]
    }

    async fn run(&self, records: &[Record]) -> Result<(), JobError> {
        let facts: Vec<Fact> = records.iter().filter_map(fact).collect();
        if !facts.is_empty() {
            let once = Once { job: NAME, at: self.clock.now() };
            self.store.count_facts(once, &facts).await?;
        }
        Ok(())
    }
}

/// What counts of a record, if anything does: on the day on which it happened.
fn fact(record: &Record) -> Option<Fact> {
    let envelope = &record.envelope;
    let what = match &envelope.payload {
        Payload::AnalyticsMessage { chat_id, sender_id, .. } => {
            What::Message { chat: *chat_id, sender: *sender_id }
        }
        Payload::ChatCreated { created_by, .. } => What::NewChat(*created_by),
        Payload::UserOnline { user_id, .. } | Payload::SessionStarted { user_id, .. } => {
            What::Came(*user_id)
        }
        Payload::AuditLog { action, .. } if action == "account.created" => What::NewUser,
        _ => return None,
    };
    let day = Day::of(Timestamp(envelope.timestamp));
    Some(Fact { event_id: envelope.event_id.clone(), day, what })
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;
    use zvon_protocol::chat::ChatKind;
    use zvon_protocol::ids::{ChatId, MessageId, SessionId, UserId};
    use zvon_protocol::record::{Envelope, Outcome, VERSION};

    use super::{Day, Fact, Payload, Record, Timestamp, What, fact};

    const NOON: i64 = 12 * 3_600_000;

    fn told(payload: Payload) -> Option<What> {
        let (event_id, version) = ("one".to_owned(), VERSION.to_owned());
        let timestamp = 20_000 * 86_400_000 + NOON;
        let envelope = Envelope { event_id, timestamp, version, seq: None, payload };
        let fact = fact(&Record { key: Uuid::nil(), envelope })?;
        let Fact { event_id, day, what } = fact;
        assert_eq!((&*event_id, day), ("one", Day::new(20_000)), "by its own time");
        Some(what)
    }

    fn audit(action: &str) -> Payload {
        Payload::AuditLog {
            user_id: UserId(Uuid::nil()),
            action: action.to_owned(),
            resource: "account".to_owned(),
            resource_id: "x".to_owned(),
            result: Outcome::Success,
            ip: None,
            user_agent: None,
            details: None,
            timestamp: Timestamp(0),
        }
    }

    #[test]
    fn what_counts_is_told_by_one_record_each() {
        let (user, chat) = (UserId(Uuid::from_u128(1)), ChatId(Uuid::from_u128(2)));
        let (chat_id, sender_id, message_id) = (chat, user, MessageId(Uuid::nil()));
        let at = Timestamp(0);
        let (message_length, has_media) = (5, false);
        let message = Payload::AnalyticsMessage {
            message_id,
            chat_id,
            sender_id,
            message_length,
            has_media,
            timestamp: at,
        };
        assert_eq!(told(message), Some(What::Message { chat, sender: user }));
        let (content, metadata) = ("hello".to_owned(), None);
        let created_at = at;
        let same = Payload::MessageCreated {
            message_id,
            chat_id,
            sender_id,
            content,
            created_at,
            metadata,
        };
        assert_eq!(told(same), None, "not twice");
        let (kind, participants) = (ChatKind::Group, vec![user]);
        let made =
            Payload::ChatCreated { chat_id, kind, created_by: user, participants, created_at };
        assert_eq!(told(made), Some(What::NewChat(user)));
        let (session_id, user_id, started_at) = (SessionId(Uuid::nil()), user, at);
        let started =
            Payload::SessionStarted { user_id, session_id, ip: None, user_agent: None, started_at };
        assert_eq!(told(started), Some(What::Came(user)));
        assert_eq!(told(audit("account.created")), Some(What::NewUser));
        assert_eq!(told(audit("session.refused")), None);
    }
}
