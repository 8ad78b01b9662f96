//! Kafka, if there is one: that it answers, and that its topics are there and safe.

#[cfg(feature = "kafka")]
use zvon_backplane::event_log::kafka::inspect::{self, Inspection};

use super::Check;
use crate::config::Config;

#[cfg(feature = "kafka")]
const NAME: &str = "Kafka";

/// Its brokers and topics. That it is away is no failure: the server runs, and what it has to tell
/// waits in the database.
#[cfg(feature = "kafka")]
pub(super) async fn all(config: &Config) -> Vec<Check> {
    if !config.has_kafka() {
        return Vec::new();
    }
    let advice = "see kafka.brokers (KAFKA_BROKERS); until it answers, events wait in the database";
    match inspect::inspect(&crate::kafka::settings(config)).await {
        Ok(found) => {
            let brokers = if found.brokers == 1 { "broker answers" } else { "brokers answer" };
            let there = Check::ok(NAME, format!("{} {brokers}", found.brokers));
            vec![there, topics(&found, config.kafka.create_topics)]
        }
        Err(error) => vec![Check::warn(NAME, error.to_string(), advice)],
    }
}

/// There is none.
#[cfg(not(feature = "kafka"))]
pub(super) async fn all(_: &Config) -> Vec<Check> {
    Vec::new()
}

#[cfg(feature = "kafka")]
fn topics(found: &Inspection, makes: bool) -> Check {
    const NAME: &str = "Kafka's topics";
    let named = |names: Vec<&str>| names.join(", ");
    let those = |is: &dyn Fn(&inspect::Topic) -> bool| {
        let names = found.topics.iter().filter(|topic| is(topic)).map(|topic| topic.name.as_str());
        Some(names.collect::<Vec<_>>()).filter(|names| !names.is_empty()).map(named)
    };
    if let Some(names) = those(&|topic| topic.leaderless > 0) {
        return Check::fail(NAME, format!("nobody leads a part of {names}"), "see its brokers");
    }
    if !found.missing.is_empty() && !makes {
        let advice = "make them, or set kafka.create_topics";
        return Check::fail(NAME, format!("missing: {}", found.missing.join(", ")), advice);
    }
    let compacts = |topic: &inspect::Topic| {
        topic.policy.as_ref().is_some_and(|policy| policy.contains("compact"))
    };
    if let Some(names) = those(&compacts) {
        let advice = "cleanup.policy=delete: of each chat only the newest record is kept";
        return Check::fail(NAME, format!("compacted: {names}"), advice);
    }
    let is_alone = |topic: &inspect::Topic| {
        topic.replicas < 2 || topic.min_insync.is_some_and(|least| least < 2)
    };
    if found.brokers > 1
        && let Some(names) = those(&is_alone)
    {
        let advice = "three replicas with min.insync.replicas=2 survive the loss of a broker";
        return Check::warn(NAME, format!("one broker's loss loses records of {names}"), advice);
    }
    let more = if found.missing.is_empty() { "" } else { "; the others are made by the server" };
    Check::ok(NAME, format!("{} are there{more}", found.topics.len()))
}

#[cfg(all(test, feature = "kafka"))]
mod tests {
    use super::super::Status;
    use super::{Inspection, inspect::Topic, topics};

    fn one() -> Topic {
        let (name, policy) = ("message.created".to_owned(), Some("delete".to_owned()));
        Topic { name, partitions: 6, leaderless: 0, replicas: 3, min_insync: Some(2), policy }
    }

    fn of(brokers: usize, topic: Topic, missing: &[&'static str], makes: bool) -> Status {
        let found = Inspection { brokers, missing: missing.to_vec(), topics: vec![topic] };
        topics(&found, makes).status
    }

    #[test]
    fn what_loses_records_is_told() {
        assert_eq!(of(3, one(), &[], true), Status::Ok);
        assert_eq!(of(3, Topic { min_insync: Some(1), ..one() }, &[], true), Status::Warn);
        assert_eq!(of(3, Topic { replicas: 1, ..one() }, &[], true), Status::Warn);
        assert_eq!(of(1, Topic { replicas: 1, ..one() }, &[], true), Status::Ok, "it has no more");
        let compact = Some("compact,delete".to_owned());
        assert_eq!(of(3, Topic { policy: compact, ..one() }, &[], true), Status::Fail);
        assert_eq!(of(3, Topic { leaderless: 1, ..one() }, &[], true), Status::Fail);
    }

    #[test]
    fn missing_topics_are_made_or_missed() {
        assert_eq!(of(3, one(), &["chat.created"], true), Status::Ok);
        assert_eq!(of(3, one(), &["chat.created"], false), Status::Fail);
    }
}
