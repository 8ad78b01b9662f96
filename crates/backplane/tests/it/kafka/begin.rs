//! A group that begins while others tell: it begins where it should, and misses nothing of that.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use uuid::Uuid;
use zvon_backplane::event_log::kafka::{KafkaLog, KafkaSource, Settings};
use zvon_core::clock::{Clock, ManualClock, SystemClock};
use zvon_core::contract::records::told;
use zvon_core::event_log::{EventLog, Record, Records};
use zvon_core::job::{Job, JobError, Source};
use zvon_core::outbox::position::{Position, PositionStore};
use zvon_core::store::{StoreError, StoreResult};
use zvon_protocol::record::TOPICS;
use zvon_protocol::time::Timestamp;
use zvon_testkit::kafka::shared;

use super::{own_id, settings};

const PATIENCE: Duration = Duration::from_secs(60);

/// A job that is only read for.
struct Everything;

#[async_trait]
impl Job for Everything {
    fn name(&self) -> &'static str {
        "everything"
    }

    fn topics(&self) -> &'static [&'static str] {
        &TOPICS
    }

    async fn run(&self, _: &[Record]) -> Result<(), JobError> {
        Ok(())
    }
}

/// It never read the outbox.
struct NoPositions;

#[async_trait]
impl PositionStore for NoPositions {
    async fn take_position(&self, _: &str, _: Timestamp) -> StoreResult<Position> {
        Err(StoreError::Broken("there is no outbox".to_owned()))
    }

    async fn move_position(&self, _: &Position) -> StoreResult<bool> {
        Ok(false)
    }

    async fn positions(&self) -> StoreResult<Vec<Position>> {
        Ok(Vec::new())
    }

    async fn forget_position(&self, _: &str) -> StoreResult<bool> {
        Ok(false)
    }
}

/// Joins a group that is new: it begins with what is told from that instant on.
async fn begins(settings: &Settings, at: Timestamp) -> Box<dyn Records> {
    let settings = Settings { group_id: own_id(), ..settings.clone() };
    let clock = Arc::new(ManualClock::at(at));
    let job: Arc<dyn Job> = Arc::new(Everything);
    KafkaSource::new(settings, Arc::new(NoPositions), clock, 0).open(&job).await.unwrap()
}

/// What comes until all of these have.
async fn until_all(records: &mut dyn Records, wanted: &[Record]) -> Vec<String> {
    let id = |record: &Record| record.envelope.event_id.clone();
    let mut left: BTreeSet<_> = wanted.iter().map(id).collect();
    let mut came = Vec::new();
    while !left.is_empty() {
        let next = tokio::time::timeout(PATIENCE, records.next(1000)).await;
        let next =
            next.unwrap_or_else(|_| panic!("{} of {} do not come", left.len(), wanted.len()));
        for record in next.unwrap() {
            left.remove(&record.envelope.event_id);
            came.push(record.envelope.event_id);
        }
        records.commit().await.unwrap();
    }
    came
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_that_begins_while_others_tell_misses_nothing() {
    let settings = settings(shared());
    let log = KafkaLog::new(settings.clone(), &own_id());
    log.begin().await.unwrap();
    let keys = [(); 12].map(|()| Uuid::new_v4());
    let earlier = told(&keys, 3);
    assert_eq!(log.append(&earlier).await.unwrap(), []);
    for round in 0..8_u64 {
        // Instants of Kafka are whole milliseconds.
        tokio::time::sleep(Duration::from_millis(5)).await;
        let at = SystemClock.now();
        let later = told(&keys, 30);
        let telling = async {
            tokio::time::sleep(Duration::from_millis(20 * round)).await;
            for some in later.chunks(keys.len()) {
                assert_eq!(log.append(some).await.unwrap(), []);
            }
        };
        let (mut records, ()) = tokio::join!(begins(&settings, at), telling);
        let came = until_all(&mut *records, &later).await;
        let before = |record: &&Record| came.contains(&record.envelope.event_id);
        assert_eq!(earlier.iter().find(before), None, "and nothing from before");
    }
}
