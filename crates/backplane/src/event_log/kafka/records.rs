//! Where a job reads: a member of a group of consumers.
//!
//! Whoever works on a batch keeps its partitions until the next call or a long silence: a rebalance
//! waits for it. What another member took over is neither given out nor committed here any more. A
//! record that cannot be read is passed over, and counted: somebody else wrote it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::FutureExt;
use metrics::counter;
use parking_lot::Mutex;
use rdkafka::config::{FromClientConfigAndContext, RDKafkaLogLevel};
use rdkafka::consumer::{
    BaseConsumer, CommitMode, Consumer, ConsumerContext, Rebalance, StreamConsumer,
};
use rdkafka::error::{KafkaError, KafkaResult};
use rdkafka::message::BorrowedMessage;
use rdkafka::{ClientContext, Message, Offset, TopicPartitionList};
use tokio::runtime::Handle;
use zvon_core::event_log::{EventLogError, Record, Records};

use super::client;
use super::settings::Settings;
use super::topics::{away, ensure};
use super::verdict::{of_commit, of_read};

/// How long going back to what was given out may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// A topic and a number of one of its partitions.
type Partition = (String, i32);

/// What others took over, since it was last looked at.
#[derive(Default)]
struct Turns(Mutex<BTreeSet<Partition>>);

impl ClientContext for Turns {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, text: &str) {
        client::log(level, facility, text);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        tracing::debug!(%error, reason, "Kafka");
    }
}

impl ConsumerContext for Turns {
    fn pre_rebalance(&self, _: &BaseConsumer<Self>, rebalance: &Rebalance<'_>) {
        if let Rebalance::Revoke(lost) = rebalance {
            let lost = lost.elements().into_iter();
            self.0.lock().extend(lost.map(|one| (one.topic().to_owned(), one.partition())));
        }
    }
}

/// A member of a group.
pub struct KafkaRecords {
    /// `None` only while it is dropped.
    consumer: Option<Arc<StreamConsumer<Turns>>>,
    /// The first and the last offset of each partition that were given out and not committed.
    given: BTreeMap<Partition, (i64, i64)>,
}

impl KafkaRecords {
    /// Joins that group; the first of its name begins with what is still there.
    ///
    /// # Errors
    /// If no broker answers.
    pub async fn join(
        settings: &Settings,
        group: &str,
        topics: &[&str],
    ) -> Result<Self, EventLogError> {
        ensure(settings).await?;
        let made =
            StreamConsumer::from_config_and_context(&settings.reader(group), Turns::default());
        let consumer: StreamConsumer<Turns> = made.map_err(|error| away(&error))?;
        consumer.subscribe(topics).map_err(|error| away(&error))?;
        Ok(Self { consumer: Some(Arc::new(consumer)), given: BTreeMap::new() })
    }

    fn consumer(&self) -> Result<&Arc<StreamConsumer<Turns>>, EventLogError> {
        self.consumer.as_ref().ok_or_else(|| EventLogError::Fenced("it left the group".to_owned()))
    }

    /// Goes back to the first record that was not committed, where this is still its place.
    async fn rewind(&mut self) -> Result<(), EventLogError> {
        let consumer = Arc::clone(self.consumer()?);
        let back = self.given.clone();
        let seek = move || {
            let held = consumer.assignment()?;
            let mut list = TopicPartitionList::new();
            for ((topic, partition), (first, _)) in &back {
                if held.find_partition(topic, *partition).is_some() {
                    list.add_partition_offset(topic, *partition, Offset::Offset(*first))?;
                }
            }
            if list.count() == 0 {
                return Ok(());
            }
            let back = consumer.seek_partitions(list, PATIENCE)?;
            back.elements().iter().try_for_each(|one| one.error())
        };
        let done = tokio::task::spawn_blocking(seek).await;
        let done = done.map_err(|error| EventLogError::Unavailable(error.to_string()))?;
        done.map_err(|error| away(&error))?;
        self.given.clear();
        Ok(())
    }
}

impl Drop for KafkaRecords {
    /// Leaves the group, which takes a moment, so that others need not wait until it is missed.
    fn drop(&mut self) {
        let consumer = self.consumer.take();
        match Handle::try_current() {
            Ok(runtime) => drop(runtime.spawn_blocking(move || drop(consumer))),
            Err(_) => drop(consumer),
        }
    }
}

/// What is about to be given out.
#[derive(Default)]
struct Batch {
    records: Vec<(Partition, Record)>,
    given: BTreeMap<Partition, (i64, i64)>,
}

impl Batch {
    /// Takes what was received along. What others took over meanwhile is left to them first: a
    /// partition may come back later, from where they are.
    fn take(
        &mut self,
        consumer: &StreamConsumer<Turns>,
        received: KafkaResult<BorrowedMessage<'_>>,
    ) -> Result<(), EventLogError> {
        let lost = std::mem::take(&mut *consumer.context().0.lock());
        if !lost.is_empty() {
            self.records.retain(|(partition, _)| !lost.contains(partition));
            self.given.retain(|partition, _| !lost.contains(partition));
        }
        match received {
            Ok(message) => self.add(&message),
            Err(error) => match of_read(&error) {
                Some(error) if self.records.is_empty() => return Err(error),
                _ => tracing::debug!(%error, "reading from Kafka"),
            },
        }
        Ok(())
    }

    fn add(&mut self, message: &BorrowedMessage<'_>) {
        let (partition, at) = ((message.topic().to_owned(), message.partition()), message.offset());
        self.given.entry(partition.clone()).or_insert((at, at)).1 = at;
        match record(message) {
            Ok(record) => self.records.push((partition, record)),
            Err(why) => {
                counter!("zvon_kafka_unreadable_total").increment(1);
                let (topic, partition) = partition;
                tracing::warn!(topic, partition, at, why, "a record in Kafka cannot be read");
            }
        }
    }
}

fn record(message: &BorrowedMessage<'_>) -> Result<Record, String> {
    let key = message.key().and_then(|key| std::str::from_utf8(key).ok()?.parse().ok());
    let key = key.ok_or("its key is no id")?;
    let payload = message.payload().ok_or("it is empty")?;
    let envelope = serde_json::from_slice(payload).map_err(|error| error.to_string())?;
    Ok(Record { key, envelope })
}

#[async_trait]
impl Records for KafkaRecords {
    async fn next(&mut self, most: usize) -> Result<Vec<Record>, EventLogError> {
        if !self.given.is_empty() {
            self.rewind().await?;
        }
        let consumer = Arc::clone(self.consumer()?);
        let mut batch = Batch::default();
        while batch.records.is_empty() {
            batch.take(&consumer, consumer.recv().await)?;
            // What is ready is taken along; nothing is waited for once there is something, so that
            // giving up the wait loses nothing.
            while batch.records.len() < most {
                let Some(received) = consumer.recv().now_or_never() else { break };
                batch.take(&consumer, received)?;
            }
        }
        self.given = batch.given;
        Ok(batch.records.into_iter().map(|(_, record)| record).collect())
    }

    async fn commit(&mut self) -> Result<(), EventLogError> {
        if self.given.is_empty() {
            return Ok(());
        }
        let mut list = TopicPartitionList::new();
        for ((topic, partition), (_, last)) in &self.given {
            let added = list.add_partition_offset(topic, *partition, Offset::Offset(last + 1));
            added.map_err(|error| away(&error))?;
        }
        let consumer = Arc::clone(self.consumer()?);
        let commit = move || consumer.commit(&list, CommitMode::Sync);
        let done = tokio::task::spawn_blocking(commit).await;
        let done = done.map_err(|error| EventLogError::Unavailable(error.to_string()))?;
        done.map_err(|error| of_commit(&error))?;
        self.given.clear();
        Ok(())
    }
}
