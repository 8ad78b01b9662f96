//! The event log on a real Kafka, and on one that errs on purpose.

mod begin;
mod figures;
mod suites;
mod trouble;

use std::time::Duration;

use uuid::Uuid;
use zvon_backplane::event_log::kafka::{Security, Settings, TopicSettings};

/// Settings for these brokers.
fn settings(brokers: &str) -> Settings {
    Settings {
        brokers: brokers.split(',').map(str::to_owned).collect(),
        client_id: "tests".to_owned(),
        group_id: "tests".to_owned(),
        compression: "none".to_owned(),
        topics: TopicSettings {
            create: true,
            partitions: 3,
            replication: 0,
            min_insync: 0,
            retention: Duration::from_hours(1),
        },
        security: Security::default(),
    }
}

/// A transactional id that nobody else has.
fn own_id() -> String {
    format!("tests-{}", Uuid::new_v4())
}
