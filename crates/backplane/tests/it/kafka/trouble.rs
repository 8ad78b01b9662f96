//! What brokers may do: be away, err, die and come back, come late.

use std::time::{Duration, Instant};

use rdkafka::mocking::MockCluster;
use rdkafka::types::{RDKafkaApiKey, RDKafkaRespErr};
use uuid::Uuid;
use zvon_backplane::event_log::kafka::{KafkaLog, KafkaRecords};
use zvon_core::contract::records::{WANTED, told};
use zvon_core::event_log::{EventLog, EventLogError, Record, Records};
use zvon_protocol::record::TOPICS;
use zvon_testkit::kafka::Broker;

use super::{own_id, settings};

/// Appends for as long as it takes, as the relay does.
async fn insist(log: &KafkaLog, records: &[Record]) {
    let start = Instant::now();
    while let Err(error) = log.append(records).await {
        assert!(start.elapsed() < Duration::from_secs(90), "{error}");
        if matches!(error, EventLogError::Fenced(_)) {
            let begun = log.begin().await;
            assert!(!matches!(begun, Err(EventLogError::Fenced(_))), "{begun:?}");
        }
    }
}

/// Reads until all of these have come; how often each came, beyond once.
async fn repeats(records: &mut KafkaRecords, wanted: &[Record]) -> usize {
    let wanted: Vec<&String> = wanted.iter().map(|record| &record.envelope.event_id).collect();
    let (mut came, start) = (Vec::new(), Instant::now());
    while wanted.iter().any(|id| !came.contains(*id)) {
        assert!(start.elapsed() < Duration::from_secs(90), "{} came", came.len());
        let next = tokio::time::timeout(Duration::from_secs(5), records.next(1000)).await;
        let Ok(Ok(batch)) = next else { continue };
        came.extend(batch.into_iter().map(|record| record.envelope.event_id));
        // One that was fenced reads it again.
        let _ = records.commit().await;
    }
    came.len() - wanted.len()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_that_is_killed_or_frozen_loses_nothing() {
    let mut broker = Broker::start();
    let settings = settings(&broker.address());
    let log = KafkaLog::new(settings.clone(), &own_id());
    log.begin().await.unwrap();
    let mut reader = KafkaRecords::join(&settings, &own_id(), &WANTED).await.unwrap();
    let all = told(&[Uuid::new_v4(), Uuid::new_v4()], 60);
    insist(&log, &all[..30]).await;
    broker.kill9();
    let start = Instant::now();
    let away = log.append(&all[30..60]).await;
    assert!(matches!(away, Err(EventLogError::Unavailable(_))), "{away:?}");
    println!("away after {:?}", start.elapsed());
    broker.restart();
    insist(&log, &all[30..60]).await;
    broker.pause();
    assert!(log.append(&all[60..90]).await.is_err());
    broker.resume();
    insist(&log, &all[60..]).await;
    let more = repeats(&mut reader, &all).await;
    println!("{more} came again");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_that_is_away_from_the_start_is_waited_for_in_short_calls() {
    let settings = settings("127.0.0.1:1");
    let log = KafkaLog::new(settings.clone(), &own_id());
    let start = Instant::now();
    assert!(matches!(log.begin().await, Err(EventLogError::Unavailable(_))));
    assert!(start.elapsed() < Duration::from_secs(40));
    assert!(KafkaRecords::join(&settings, "nobody", &WANTED).await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn errors_of_brokers_that_pass_are_overcome() {
    let cluster = MockCluster::new(3).unwrap();
    for topic in TOPICS {
        cluster.create_topic(topic, 3, 3).unwrap();
    }
    let mut settings = settings(&cluster.bootstrap_servers());
    settings.topics.create = false;
    let log = KafkaLog::new(settings.clone(), &own_id());
    log.begin().await.unwrap();
    let all = told(&[Uuid::new_v4(), Uuid::new_v4(), Uuid::new_v4()], 40);
    let errors = [
        (RDKafkaApiKey::Produce, RDKafkaRespErr::RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION),
        (RDKafkaApiKey::Produce, RDKafkaRespErr::RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS),
        (RDKafkaApiKey::Produce, RDKafkaRespErr::RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT),
        (RDKafkaApiKey::EndTxn, RDKafkaRespErr::RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE),
        (
            RDKafkaApiKey::AddPartitionsToTxn,
            RDKafkaRespErr::RD_KAFKA_RESP_ERR_CONCURRENT_TRANSACTIONS,
        ),
        (RDKafkaApiKey::AddPartitionsToTxn, RDKafkaRespErr::RD_KAFKA_RESP_ERR_NOT_COORDINATOR),
    ];
    let parts = all.chunks(all.len() / errors.len());
    for (part, (call, error)) in parts.zip(errors) {
        cluster.request_errors(call, &[error, error]);
        insist(&log, part).await;
    }
    let mut reader = KafkaRecords::join(&settings, &own_id(), &WANTED).await.unwrap();
    repeats(&mut reader, &all[..all.len() / errors.len() * errors.len()]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_producer_that_the_brokers_have_fenced_says_so() {
    let cluster = MockCluster::new(1).unwrap();
    for topic in TOPICS {
        cluster.create_topic(topic, 1, 1).unwrap();
    }
    let mut settings = settings(&cluster.bootstrap_servers());
    settings.topics.create = false;
    let log = KafkaLog::new(settings, &own_id());
    log.begin().await.unwrap();
    let fenced = RDKafkaRespErr::RD_KAFKA_RESP_ERR_PRODUCER_FENCED;
    cluster.request_errors(RDKafkaApiKey::EndTxn, &[fenced]);
    let result = log.append(&told(&[Uuid::new_v4()], 3)).await;
    assert!(matches!(result, Err(EventLogError::Fenced(_))), "{result:?}");
    let result = log.append(&[]).await;
    assert!(matches!(result, Err(EventLogError::Fenced(_))), "until it begins: {result:?}");
    log.begin().await.unwrap();
    assert_eq!(log.append(&told(&[Uuid::new_v4()], 3)).await.unwrap(), []);
}
