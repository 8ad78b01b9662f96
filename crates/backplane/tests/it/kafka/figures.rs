//! What the event log costs: how many records a second go through, and how long one takes. The
//! figures are printed; the test asserts only what holds on a machine that has other work.

use std::time::{Duration, Instant};

use uuid::Uuid;
use zvon_backplane::event_log::kafka::{KafkaLog, KafkaRecords};
use zvon_core::contract::records::{WANTED, told};
use zvon_core::event_log::{EventLog, Records};
use zvon_testkit::kafka::shared;

use super::{own_id, settings};

const COUNT: usize = 40_000;
const BATCH: usize = 2000;

#[tokio::test(flavor = "multi_thread")]
async fn records_a_second_and_how_long_one_takes() {
    let settings = settings(shared());
    let log = KafkaLog::new(settings.clone(), &own_id());
    log.begin().await.unwrap();
    let keys: Vec<Uuid> = (0..100).map(|_| Uuid::new_v4()).collect();
    let records = told(&keys, COUNT / keys.len());
    let mut reader = KafkaRecords::join(&settings, &own_id(), &WANTED).await.unwrap();
    let start = Instant::now();
    for batch in records.chunks(BATCH) {
        assert_eq!(log.append(batch).await.unwrap(), []);
    }
    let appended = start.elapsed();
    let (mut came, start) = (0, Instant::now());
    while came < COUNT {
        let batch = tokio::time::timeout(Duration::from_secs(60), reader.next(BATCH)).await;
        let batch = batch.expect("it comes").unwrap();
        came += batch.iter().filter(|record| keys.contains(&record.key)).count();
        reader.commit().await.unwrap();
    }
    let read = start.elapsed();
    let mut each = Vec::new();
    for _ in 0..100 {
        let (one, start) = (told(&keys[..1], 20), Instant::now());
        assert_eq!(log.append(&one).await.unwrap(), []);
        let mut left = one.len();
        while left > 0 {
            left -= reader.next(100).await.unwrap().len().min(left);
        }
        each.push(start.elapsed());
        reader.commit().await.unwrap();
    }
    each.sort_unstable();
    let rate = |time: Duration| (COUNT as f64 / time.as_secs_f64()) as u64;
    println!(
        "Kafka: {} records/s appended in batches of {BATCH}, {} records/s read; twenty records from \
         append to reader: p50 {:?}, p99 {:?}",
        rate(appended),
        rate(read),
        each[each.len() / 2],
        each[each.len() * 99 / 100],
    );
    assert!(rate(appended) > 2000 && rate(read) > 2000);
}
