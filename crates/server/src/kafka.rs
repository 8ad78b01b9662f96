//! The event log that this configuration names: Kafka, or none.

use std::sync::Arc;

use zvon_core::event_log::EventLog;
use zvon_core::job::Source;
use zvon_core::store::Store;

use crate::config::Config;

#[cfg(feature = "kafka")]
use {
    crate::jobs,
    zvon_backplane::event_log::kafka::{KafkaLog, KafkaSource, Security, Settings, TopicSettings},
    zvon_core::clock::SystemClock,
};

/// Where one of that name appends (the relay, a replay); `epoch` is the log's: it takes the place of
/// another one of its name on the same database, and of no other database's.
#[cfg(feature = "kafka")]
pub(crate) fn event_log(config: &Config, name: &str, epoch: &str) -> Option<Arc<dyn EventLog>> {
    let id = format!("{}-{name}-{epoch}", config.kafka.client_id);
    config.has_kafka().then(|| Arc::new(KafkaLog::new(settings(config), &id)) as _)
}

/// Where jobs read, if it is there. What they did is remembered in the store for a day longer than
/// what may come again from there.
#[cfg(feature = "kafka")]
pub(crate) fn source(config: &Config, store: &Arc<dyn Store>) -> Option<Arc<dyn Source>> {
    const DAY: i64 = 24 * 3_600_000;
    let (positions, clock) = (Arc::clone(store) as _, Arc::new(SystemClock));
    let remembered = jobs::remember(config) - DAY;
    let source = || KafkaSource::new(settings(config), positions, clock, remembered);
    config.has_kafka().then(|| Arc::new(source()) as _)
}

/// There is none: the configuration was refused if it names one.
#[cfg(not(feature = "kafka"))]
pub(crate) fn event_log(_: &Config, _: &str, _: &str) -> Option<Arc<dyn EventLog>> {
    None
}

/// There is none.
#[cfg(not(feature = "kafka"))]
pub(crate) fn source(_: &Config, _: &Arc<dyn Store>) -> Option<Arc<dyn Source>> {
    None
}

/// What the configuration says of it.
#[cfg(feature = "kafka")]
pub(crate) fn settings(config: &Config) -> Settings {
    let kafka = config.kafka.clone();
    Settings {
        brokers: kafka.brokers.0,
        client_id: kafka.client_id,
        group_id: kafka.group_id,
        compression: kafka.compression,
        topics: TopicSettings {
            create: kafka.create_topics,
            // Both were checked to be small.
            partitions: i32::try_from(kafka.partitions).unwrap_or(i32::MAX),
            replication: i32::try_from(kafka.replication).unwrap_or(i32::MAX),
            min_insync: kafka.min_insync,
            retention: kafka.retention.0,
        },
        security: Security {
            protocol: kafka.security,
            mechanism: kafka.mechanism,
            username: kafka.username,
            password: kafka.password,
            ca_file: kafka.ca_file,
        },
    }
}
