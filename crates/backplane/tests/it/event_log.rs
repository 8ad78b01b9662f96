//! The event log in memory.

use std::sync::Arc;

use async_trait::async_trait;
use uuid::Uuid;
use zvon_backplane::event_log::MemoryLog;
use zvon_core::contract;
use zvon_core::event_log::{EventLog, Record, Records};

struct Memory(MemoryLog);

#[async_trait]
impl contract::event_log::Stage for Memory {
    async fn appender(&self) -> Arc<dyn EventLog> {
        Arc::new(self.0.clone())
    }

    async fn read(&self, keys: &[Uuid], _: &[String]) -> Vec<Record> {
        let told = self.0.told().into_iter();
        told.filter(|record| keys.contains(&record.key)).collect()
    }

    fn text_max(&self) -> usize {
        1_000_000
    }
}

#[async_trait]
impl contract::records::Stage for Memory {
    async fn tell(&self, records: &[Record]) {
        let log = self.0.clone();
        log.begin().await.unwrap();
        assert_eq!(log.append(records).await.unwrap(), []);
    }

    async fn reader(&self, name: &str) -> Box<dyn Records> {
        Box::new(self.0.reader(name, &contract::records::WANTED))
    }
}

#[tokio::test]
async fn an_event_log_in_memory() {
    let memory = Memory(MemoryLog::default());
    contract::event_log::run(&memory).await;
    assert_eq!(memory.0.dead().len(), 1);
}

#[tokio::test]
async fn records_in_memory() {
    contract::records::run(&Memory(MemoryLog::default())).await;
}
