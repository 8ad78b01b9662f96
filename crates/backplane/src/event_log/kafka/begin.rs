//! Where a group of readers begins.
//!
//! A group that never read would begin with all that the topics keep, which may be months. It is given
//! a place before its first member joins: what was told since some instant. Members that are there
//! already are not disturbed: the brokers refuse a place from whoever is not one of them.

use std::time::Duration;

use rdkafka::config::{FromClientConfigAndContext, RDKafkaLogLevel};
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer, ConsumerContext};
use rdkafka::error::{KafkaError, KafkaResult};
use rdkafka::topic_partition_list::TopicPartitionListElem;
use rdkafka::{ClientContext, Offset, TopicPartitionList};
use zvon_core::event_log::EventLogError;
use zvon_protocol::time::Timestamp;

use super::client::{self, apart};
use super::settings::Settings;
use super::topics::away;
use super::verdict::of_commit;

/// How long each question may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Only logs.
struct Quiet;

impl ClientContext for Quiet {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, text: &str) {
        client::log(level, facility, text);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        tracing::debug!(%error, reason, "Kafka");
    }
}

impl ConsumerContext for Quiet {}

/// Gives a group that never read a place in these topics: what was told since that instant. With `anew`
/// one that did, too, if nobody is in it.
///
/// # Errors
/// If no broker answers.
pub(super) async fn begin(
    settings: &Settings,
    group: &str,
    topics: &'static [&'static str],
    (since, anew): (Timestamp, bool),
) -> Result<(), EventLogError> {
    let made = BaseConsumer::from_config_and_context(&settings.reader(group), Quiet);
    let consumer: BaseConsumer<Quiet> = made.map_err(|error| away(&error))?;
    let group = group.to_owned();
    let begin = move || {
        let committed = consumer.committed_offsets(partitions(&consumer, topics)?, PATIENCE)?;
        let has_read = |one: &TopicPartitionListElem<'_>| matches!(one.offset(), Offset::Offset(_));
        if committed.count() == 0 || (!anew && committed.elements().iter().any(has_read)) {
            return Ok(None);
        }
        let places = places(&consumer, &committed, since)?;
        Ok(Some(consumer.commit(&places, CommitMode::Sync)))
    };
    match apart(begin).await?.map_err(|error: KafkaError| away(&error))? {
        None => Ok(()),
        Some(Ok(())) => {
            tracing::info!(group, %since, "a group of readers begins");
            Ok(())
        }
        Some(Err(error)) => match of_commit(&error) {
            // Somebody is in it, and has its place.
            EventLogError::Fenced(_) => Ok(()),
            error @ EventLogError::Unavailable(_) => Err(error),
        },
    }
}

fn partitions(consumer: &BaseConsumer<Quiet>, topics: &[&str]) -> KafkaResult<TopicPartitionList> {
    let there = consumer.fetch_metadata(None, PATIENCE)?;
    let mut list = TopicPartitionList::new();
    for topic in there.topics().iter().filter(|topic| topics.contains(&topic.name())) {
        for partition in topic.partitions() {
            list.add_partition(topic.name(), partition.id());
        }
    }
    Ok(list)
}

/// The first place of each partition at or after that instant; its end, if there is none.
///
/// The ends are asked for first: what is told between the questions, and may have come too late for the
/// other answer, lies behind them.
fn places(
    consumer: &BaseConsumer<Quiet>,
    partitions: &TopicPartitionList,
    since: Timestamp,
) -> KafkaResult<TopicPartitionList> {
    let ends = answers(consumer, partitions, Offset::End)?;
    let found = answers(consumer, partitions, Offset::Offset(since.0.max(0)))?;
    let mut places = TopicPartitionList::new();
    for one in found.elements() {
        let (topic, partition) = (one.topic(), one.partition());
        let end =
            || ends.find_partition(topic, partition).map_or(Offset::Invalid, |end| end.offset());
        let place = if matches!(one.offset(), Offset::Offset(_)) { one.offset() } else { end() };
        places.add_partition_offset(topic, partition, place)?;
    }
    Ok(places)
}

/// What the brokers answer for each of these partitions to an instant (in the place of an offset), or to
/// the end: one question per broker.
fn answers(
    consumer: &BaseConsumer<Quiet>,
    partitions: &TopicPartitionList,
    question: Offset,
) -> KafkaResult<TopicPartitionList> {
    let mut questions = TopicPartitionList::new();
    for one in partitions.elements() {
        questions.add_partition_offset(one.topic(), one.partition(), question)?;
    }
    let answers = consumer.offsets_for_times(questions, PATIENCE)?;
    answers.elements().iter().try_for_each(|one| one.error())?;
    Ok(answers)
}
