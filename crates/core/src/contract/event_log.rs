//! What every `EventLog` must do, with several who append to one.

use std::sync::Arc;

use async_trait::async_trait;
use uuid::Uuid;

use super::records::{one, told};
use crate::event_log::{DeadLetter, EventLog, EventLogError, Record};

/// One log, which may hold more than what a case appends to it.
#[async_trait]
pub trait Stage: Send + Sync {
    /// Another one who may append to it.
    async fn appender(&self) -> Arc<dyn EventLog>;

    /// What is durable of these keys, as soon as the last of each is `last`'s; in the log's order
    /// within each key and topic.
    async fn read(&self, keys: &[Uuid], last: &[String]) -> Vec<Record>;

    /// Most characters of a text that it takes.
    fn text_max(&self) -> usize;
}

/// Runs all cases.
pub async fn run(stage: &dyn Stage) {
    nothing_is_appended_before_a_begin(stage).await;
    all_of_it_stands_there_in_order(stage).await;
    nothing_is_nothing(stage).await;
    whoever_begins_takes_the_place_of_all_before(stage).await;
    poison_comes_back_and_the_rest_stands(stage).await;
    calls_at_a_time_are_all_kept(stage).await;
}

async fn begun(stage: &dyn Stage) -> Arc<dyn EventLog> {
    let log = stage.appender().await;
    log.begin().await.unwrap();
    log
}

fn is_fenced<T>(result: Result<T, EventLogError>) -> bool {
    matches!(result, Err(EventLogError::Fenced(_)))
}

/// Fails unless exactly these stand there, each once, in their order by key and topic.
async fn stands(stage: &dyn Stage, records: &[Record]) {
    let keys: Vec<Uuid> = records.iter().map(|record| record.key).collect();
    let last: Vec<String> = records.iter().map(|record| record.envelope.event_id.clone()).collect();
    let mut found = stage.read(&keys, &last).await;
    let mut wanted = records.to_vec();
    // Between keys and topics there is no order.
    let by = |record: &Record| (record.key, record.envelope.payload.topic());
    found.sort_by_key(by);
    wanted.sort_by_key(by);
    assert_eq!(found, wanted);
}

async fn nothing_is_appended_before_a_begin(stage: &dyn Stage) {
    let log = stage.appender().await;
    assert!(is_fenced(log.append(&told(&[Uuid::new_v4()], 1)).await));
}

async fn all_of_it_stands_there_in_order(stage: &dyn Stage) {
    let (log, keys) = (begun(stage).await, [(); 7].map(|()| Uuid::new_v4()));
    let records = told(&keys, 40);
    for batch in records.chunks(100) {
        assert_eq!(log.append(batch).await.unwrap(), []);
    }
    stands(stage, &records).await;
}

async fn nothing_is_nothing(stage: &dyn Stage) {
    assert_eq!(begun(stage).await.append(&[]).await.unwrap(), []);
}

async fn whoever_begins_takes_the_place_of_all_before(stage: &dyn Stage) {
    let records = told(&[Uuid::new_v4()], 4);
    let (first, second) = (begun(stage).await, stage.appender().await);
    assert_eq!(first.append(&records[..1]).await.unwrap(), []);
    second.begin().await.unwrap();
    assert!(is_fenced(first.append(&records[2..]).await));
    assert_eq!(second.append(&records[1..3]).await.unwrap(), []);
    assert!(is_fenced(first.append(&records[..1]).await), "it stays so");
    first.begin().await.unwrap();
    assert!(is_fenced(second.append(&records[..2]).await));
    assert_eq!(first.append(&records[3..]).await.unwrap(), []);
    stands(stage, &records).await;
}

async fn poison_comes_back_and_the_rest_stands(stage: &dyn Stage) {
    let (log, key) = (begun(stage).await, Uuid::new_v4());
    let mut records = told(&[key], 9);
    for index in [2, 7] {
        records[index] = one(key, &"x".repeat(stage.text_max() + 1));
    }
    let poison = log.append(&records).await.unwrap();
    let places: Vec<usize> = poison.iter().map(|poison| poison.index).collect();
    assert_eq!(places, [2, 7]);
    assert!(poison.iter().all(|poison| !poison.reason.is_empty()));
    let dead = DeadLetter {
        topic: records[2].envelope.payload.topic().to_owned(),
        key,
        reason: poison[0].reason.clone(),
        payload: serde_json::to_string(&records[2].envelope).unwrap(),
    };
    log.bury(&dead).await.unwrap();
    records.remove(7);
    records.remove(2);
    stands(stage, &records).await;
}

async fn calls_at_a_time_are_all_kept(stage: &dyn Stage) {
    let (log, keys) = (begun(stage).await, [(); 8].map(|()| Uuid::new_v4()));
    let tasks = keys.map(|key| {
        let log = Arc::clone(&log);
        tokio::spawn(async move {
            let records = told(&[key], 30);
            for batch in records.chunks(10) {
                assert_eq!(log.append(batch).await.unwrap(), []);
            }
            records
        })
    });
    let mut all = Vec::new();
    for task in tasks {
        all.extend(task.await.unwrap());
    }
    stands(stage, &all).await;
}
