//! A look at Kafka for `zvon doctor`: who is there, and what its topics are like. Changes nothing.

use std::time::Duration;

use rdkafka::admin::{AdminOptions, ConfigResource, ResourceSpecifier};
use rdkafka::metadata::Metadata;
use zvon_core::event_log::EventLogError;

use super::settings::Settings;
use super::topics;

/// How long brokers may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// What was found.
#[derive(Clone, Debug, Default)]
pub struct Inspection {
    /// How many brokers there are.
    pub brokers: usize,
    /// Topics that are missing.
    pub missing: Vec<&'static str>,
    /// Those that are there.
    pub topics: Vec<Topic>,
}

/// A topic that is there.
#[derive(Clone, Debug, Default)]
pub struct Topic {
    /// Its name.
    pub name: String,
    /// How many partitions it has.
    pub partitions: usize,
    /// How many of them nobody leads.
    pub leaderless: usize,
    /// How many brokers keep the partition that fewest keep.
    pub replicas: usize,
    /// How many of them must have a record before it counts, if the brokers tell.
    pub min_insync: Option<usize>,
    /// `delete` or `compact`, if the brokers tell.
    pub policy: Option<String>,
}

/// Looks.
///
/// # Errors
/// If no broker answers.
pub async fn inspect(settings: &Settings) -> Result<Inspection, EventLogError> {
    let (admin, mut found) = topics::look(settings, PATIENCE, seen).await?;
    let names: Vec<_> = found.topics.iter().map(|topic| topic.name.clone()).collect();
    let named: Vec<_> = names.iter().map(|name| ResourceSpecifier::Topic(name)).collect();
    let options = AdminOptions::new().request_timeout(Some(PATIENCE));
    let told = if named.is_empty() {
        Vec::new()
    } else {
        // Whoever may not ask sees the rest.
        admin.describe_configs(&named, &options).await.unwrap_or_default()
    };
    for (topic, told) in found.topics.iter_mut().zip(&told) {
        let Ok(told) = told else { continue };
        topic.min_insync = value(told, "min.insync.replicas").and_then(|text| text.parse().ok());
        topic.policy = value(told, "cleanup.policy");
    }
    Ok(found)
}

fn value(told: &ConfigResource, name: &str) -> Option<String> {
    told.get(name).and_then(|entry| entry.value.clone())
}

fn seen(there: &Metadata) -> Inspection {
    let mut found = Inspection { brokers: there.brokers().len(), ..Inspection::default() };
    for name in topics::all() {
        let Some(topic) = there.topics().iter().find(|topic| topic.name() == name) else {
            found.missing.push(name);
            continue;
        };
        let partitions = topic.partitions();
        found.topics.push(Topic {
            name: name.to_owned(),
            partitions: partitions.len(),
            leaderless: partitions.iter().filter(|one| one.leader() < 0).count(),
            replicas: partitions.iter().map(|one| one.replicas().len()).min().unwrap_or(0),
            ..Topic::default()
        });
    }
    found
}
