//! What a member of a group is about to give out, and what it lost meanwhile.

use std::collections::{BTreeMap, BTreeSet};

use metrics::counter;
use parking_lot::Mutex;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext, Rebalance, StreamConsumer};
use rdkafka::error::{KafkaError, KafkaResult};
use rdkafka::message::BorrowedMessage;
use rdkafka::{ClientContext, Message};
use zvon_core::event_log::{EventLogError, Record};

use super::client;
use super::verdict::of_read;

/// Counts what cannot be read.
pub(super) const UNREADABLE: &str = "zvon_kafka_unreadable_total";

/// A topic and a number of one of its partitions.
pub(super) type Partition = (String, i32);

/// What others took over, since it was last looked at.
#[derive(Default)]
pub(super) struct Turns(Mutex<BTreeSet<Partition>>);

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

/// What is about to be given out.
#[derive(Default)]
pub(super) struct Batch {
    pub(super) records: Vec<(Partition, Record)>,
    /// The first and the last offset of each partition.
    pub(super) given: BTreeMap<Partition, (i64, i64)>,
}

impl Batch {
    /// Takes what was received along.
    pub(super) fn take(
        &mut self,
        consumer: &StreamConsumer<Turns>,
        received: KafkaResult<BorrowedMessage<'_>>,
    ) -> Result<(), EventLogError> {
        self.leave(consumer);
        match received {
            Ok(message) => self.add(&message),
            Err(error) => match of_read(&error) {
                Some(error) if self.records.is_empty() => return Err(error),
                _ => tracing::debug!(%error, "reading from Kafka"),
            },
        }
        Ok(())
    }

    /// Leaves to others what they took over meanwhile: a partition may come back later, from where
    /// they are.
    pub(super) fn leave(&mut self, consumer: &StreamConsumer<Turns>) {
        let lost = std::mem::take(&mut *consumer.context().0.lock());
        if !lost.is_empty() {
            self.records.retain(|(partition, _)| !lost.contains(partition));
            self.given.retain(|partition, _| !lost.contains(partition));
        }
    }

    fn add(&mut self, message: &BorrowedMessage<'_>) {
        let (partition, at) = ((message.topic().to_owned(), message.partition()), message.offset());
        self.given.entry(partition.clone()).or_insert((at, at)).1 = at;
        match record(message) {
            Ok(record) => self.records.push((partition, record)),
            Err(why) => {
                counter!(UNREADABLE).increment(1);
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
