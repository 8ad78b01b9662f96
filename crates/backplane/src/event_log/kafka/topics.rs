//! The topics: those that are missing are made, those that are there are left as they are.

use std::time::Duration;

use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::config::FromClientConfigAndContext;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use zvon_core::event_log::{DEAD_LETTERS, EventLogError};
use zvon_protocol::record::TOPICS;

use super::client::Quiet;
use super::settings::{Settings, TopicSettings};

/// How long brokers may take to tell of topics or to make them.
const PATIENCE: Duration = Duration::from_secs(10);

/// All that there should be.
pub(super) fn all() -> impl Iterator<Item = &'static str> {
    TOPICS.into_iter().chain([DEAD_LETTERS])
}

pub(super) fn away(error: &KafkaError) -> EventLogError {
    EventLogError::Unavailable(error.to_string())
}

/// Makes those that are missing, if that is wanted.
pub(super) async fn ensure(settings: &Settings) -> Result<(), EventLogError> {
    if !settings.topics.create {
        return Ok(());
    }
    let admin = admin(settings)?;
    let (admin, there) = names(admin).await?;
    let missing: Vec<&str> = all().filter(|name| !there.iter().any(|one| one == name)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let (min_insync, retention) = values(&settings.topics);
    let new = missing.iter().map(|name| new(name, &settings.topics, &min_insync, &retention));
    let options = AdminOptions::new().operation_timeout(Some(PATIENCE));
    let made = admin.create_topics(new.collect::<Vec<_>>().iter(), &options).await;
    for result in made.map_err(|error| away(&error))? {
        match result {
            Ok(topic) => tracing::info!(topic, "a Kafka topic was made"),
            // Another node was faster.
            Err((_, RDKafkaErrorCode::TopicAlreadyExists)) => {}
            Err((topic, code)) => {
                let why = format!("the topic {topic} cannot be made: {code}");
                return Err(EventLogError::Unavailable(why));
            }
        }
    }
    Ok(())
}

pub(super) fn admin(settings: &Settings) -> Result<AdminClient<Quiet>, EventLogError> {
    AdminClient::from_config_and_context(&settings.client(), Quiet).map_err(|error| away(&error))
}

/// The topics that are there.
async fn names(
    admin: AdminClient<Quiet>,
) -> Result<(AdminClient<Quiet>, Vec<String>), EventLogError> {
    let ask = move || {
        let there = admin.inner().fetch_metadata(None, PATIENCE);
        there.map(|there| {
            let names = there.topics().iter().map(|topic| topic.name().to_owned()).collect();
            (admin, names)
        })
    };
    let asked = tokio::task::spawn_blocking(ask).await;
    let asked = asked.map_err(|error| EventLogError::Unavailable(error.to_string()))?;
    asked.map_err(|error| away(&error))
}

/// The settings of a new topic as texts.
fn values(settings: &TopicSettings) -> (String, String) {
    (settings.min_insync.to_string(), settings.retention.as_millis().to_string())
}

fn new<'a>(
    name: &'a str,
    settings: &TopicSettings,
    min_insync: &'a str,
    retention: &'a str,
) -> NewTopic<'a> {
    // Dead letters are few, and read by people.
    let partitions = if name == DEAD_LETTERS { 1 } else { settings.partitions };
    // The brokers take -1 for their own default.
    let replication = if settings.replication == 0 { -1 } else { settings.replication };
    let topic = NewTopic::new(name, partitions, TopicReplication::Fixed(replication));
    let topic = topic.set("retention.ms", retention).set("cleanup.policy", "delete");
    if settings.min_insync == 0 { topic } else { topic.set("min.insync.replicas", min_insync) }
}
