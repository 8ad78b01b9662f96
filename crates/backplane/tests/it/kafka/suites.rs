//! The suites on a real broker.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use uuid::Uuid;
use zvon_backplane::event_log::kafka::{KafkaLog, KafkaRecords, Settings};
use zvon_core::contract;
use zvon_core::event_log::{EventLog, Record, Records};
use zvon_protocol::record::TOPICS;
use zvon_testkit::kafka::shared;

use super::{own_id, settings};

struct Broker {
    settings: Settings,
    id: String,
}

impl Broker {
    fn new() -> Self {
        Self { settings: settings(shared()), id: own_id() }
    }
}

#[async_trait]
impl contract::event_log::Stage for Broker {
    async fn appender(&self) -> Arc<dyn EventLog> {
        Arc::new(KafkaLog::new(self.settings.clone(), &self.id))
    }

    async fn read(&self, keys: &[Uuid], last: &[String]) -> Vec<Record> {
        let mut records = KafkaRecords::join(&self.settings, &own_id(), &TOPICS).await.unwrap();
        let mut left: BTreeSet<&String> = last.iter().collect();
        let mut found = Vec::new();
        while !left.is_empty() {
            let next = tokio::time::timeout(Duration::from_secs(60), records.next(1000)).await;
            for record in next.expect("all of it comes").unwrap() {
                left.remove(&record.envelope.event_id);
                if keys.contains(&record.key) {
                    found.push(record);
                }
            }
            records.commit().await.unwrap();
        }
        found
    }

    fn text_max(&self) -> usize {
        1_000_000
    }
}

#[async_trait]
impl contract::records::Stage for Broker {
    async fn tell(&self, records: &[Record]) {
        let log = KafkaLog::new(self.settings.clone(), &self.id);
        log.begin().await.unwrap();
        assert_eq!(log.append(records).await.unwrap(), []);
    }

    async fn reader(&self, name: &str) -> Box<dyn Records> {
        let topics = &contract::records::WANTED;
        Box::new(KafkaRecords::join(&self.settings, name, topics).await.unwrap())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_log_on_kafka() {
    contract::event_log::run(&Broker::new()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn records_on_kafka() {
    contract::records::run(&Broker::new()).await;
}
