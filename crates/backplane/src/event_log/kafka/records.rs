//! Where a job reads: a member of a group of consumers.
//!
//! Whoever works on a batch keeps its partitions until the next call or a long silence: a rebalance
//! waits for it. What another member took over is not given out here any more. A batch that ends while
//! members come or go may not be committed: then it comes again, here or to whoever has its partitions
//! by then, and the member stays. A record that cannot be read is passed over, and counted: somebody
//! else wrote it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::FutureExt;
use metrics::describe_counter;
use rdkafka::config::FromClientConfigAndContext;
use rdkafka::consumer::{CommitMode, Consumer, StreamConsumer};
use rdkafka::{Offset, TopicPartitionList};
use tokio::runtime::Handle;
use zvon_core::event_log::{EventLogError, Record, Records};

use super::batch::{Batch, Partition, Turns, UNREADABLE};
use super::client::apart;
use super::settings::Settings;
use super::topics::{away, ensure};
use super::verdict::of_commit;

/// How long going back to what was given out may take.
const PATIENCE: Duration = Duration::from_secs(10);

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
        describe_counter!(UNREADABLE, "Records in Kafka that jobs passed over: others wrote them.");
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
        apart(seek).await?.map_err(|error| away(&error))?;
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
            // Looking for more may have been where it lost some of what it has.
            batch.leave(&consumer);
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
        match apart(commit).await?.map_err(|error| of_commit(&error)) {
            Ok(()) => self.given.clear(),
            // Members come and go. It stays one: who left and joined anew would disturb the others in
            // the middle of their batches, and they it. The next call goes back to what it still has.
            Err(EventLogError::Fenced(why)) => {
                tracing::debug!(why, "members changed: a batch comes again");
            }
            Err(error) => return Err(error),
        }
        Ok(())
    }
}
