//! What every `Records` must do, with several who read.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use async_trait::async_trait;
use uuid::Uuid;
use zvon_protocol::ids::{ChatId, MessageId, UserId};
use zvon_protocol::record::{Envelope, Payload, VERSION};
use zvon_protocol::time::Timestamp;

use crate::event_log::{EventLogError, Record, Records};

/// The topics that the readers of the cases want.
pub const WANTED: [&str; 2] = ["message.created", "message.read"];

/// How long something that has to come may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// A place where records are told and read, which may hold more than what a case tells.
#[async_trait]
pub trait Stage: Send + Sync {
    /// Tells of these.
    async fn tell(&self, records: &[Record]);

    /// Another reader of the topics [`WANTED`] that goes by that name.
    async fn reader(&self, name: &str) -> Box<dyn Records>;
}

/// Runs all cases.
pub async fn run(stage: &dyn Stage) {
    what_is_told_is_read_in_order_and_only_what_is_wanted(stage).await;
    what_was_committed_does_not_come_again(stage).await;
    what_was_not_committed_comes_again(stage).await;
    readers_of_two_names_read_all_of_it_each(stage).await;
    readers_of_one_name_read_all_of_it_together(stage).await;
    a_wait_that_is_given_up_loses_nothing(stage).await;
}

/// A message of that chat with that text.
#[must_use]
pub fn one(key: Uuid, text: &str) -> Record {
    let (id, at) = (Uuid::new_v4(), Timestamp(1_700_000_000_123));
    let payload = Payload::MessageCreated {
        message_id: MessageId(id),
        chat_id: ChatId(key),
        sender_id: UserId(Uuid::new_v4()),
        content: text.to_owned(),
        created_at: at,
        metadata: None,
    };
    record(key, id, payload)
}

fn record(key: Uuid, id: Uuid, payload: Payload) -> Record {
    let event_id = format!("1700000000123-{}", &id.simple().to_string()[..13]);
    let (timestamp, version) = (1_700_000_000_123, VERSION.to_owned());
    Record { key, envelope: Envelope { event_id, timestamp, version, seq: None, payload } }
}

/// So many records of each of these keys, in turn, of both topics that are wanted; and of one that
/// is not, one of each key at the end.
#[must_use]
pub fn told(keys: &[Uuid], each: usize) -> Vec<Record> {
    let of = |turn: usize, key: Uuid| match turn % 3 {
        0 => {
            let (id, user) = (Uuid::new_v4(), UserId(Uuid::new_v4()));
            let at = Timestamp(1_700_000_000_123);
            let (chat_id, message_id) = (ChatId(key), MessageId(id));
            let read = Payload::MessageRead { message_id, chat_id, read_by: user, read_at: at };
            record(key, id, read)
        }
        _ => one(key, &format!("text {turn} \u{1f600}")),
    };
    (0..each).flat_map(|turn| keys.iter().map(move |key| of(turn, *key))).collect()
}

fn unwanted(key: Uuid) -> Record {
    let (id, user) = (Uuid::new_v4(), UserId(Uuid::new_v4()));
    let (message_id, at) = (MessageId(id), Timestamp(1_700_000_000_123));
    let pinned =
        Payload::MessagePinned { message_id, chat_id: ChatId(key), pinned_by: user, pinned_at: at };
    record(key, id, pinned)
}

fn ids(records: &[Record]) -> Vec<String> {
    records.iter().map(|record| record.envelope.event_id.clone()).collect()
}

fn name() -> String {
    format!("case-{}", Uuid::new_v4())
}

/// Reads and commits until all of these have come, by any of the readers; what came of them, first
/// comings only.
async fn until_all(readers: &mut [Box<dyn Records>], wanted: &[Record]) -> Vec<Record> {
    let all: BTreeSet<String> = ids(wanted).into_iter().collect();
    let (mut seen, mut came) = (BTreeSet::new(), Vec::new());
    let reading = async {
        while seen.len() < all.len() {
            for reader in &mut *readers {
                for record in some(&mut **reader).await {
                    let id = record.envelope.event_id.clone();
                    if all.contains(&id) && seen.insert(id) {
                        came.push(record);
                    }
                }
            }
        }
    };
    let done = tokio::time::timeout(PATIENCE, reading).await;
    assert!(done.is_ok(), "{} of {} came", came.len(), all.len());
    came
}

/// What comes within a moment, committed. Whoever is fenced did not commit; it comes again.
async fn some(reader: &mut dyn Records) -> Vec<Record> {
    let wait = Duration::from_millis(300);
    match tokio::time::timeout(wait, reader.next(17)).await {
        Ok(Ok(records)) => {
            assert!(!records.is_empty() && records.len() <= 17);
            match reader.commit().await {
                Ok(()) => records,
                Err(EventLogError::Fenced(_)) => Vec::new(),
                Err(error) => panic!("{error}"),
            }
        }
        Ok(Err(EventLogError::Fenced(_))) | Err(_) => Vec::new(),
        Ok(Err(error)) => panic!("{error}"),
    }
}

/// The ids by key and topic, in their order.
fn by_key(records: &[Record]) -> BTreeMap<(Uuid, &'static str), Vec<String>> {
    let mut found: BTreeMap<_, Vec<String>> = BTreeMap::new();
    for record in records {
        let place = (record.key, record.envelope.payload.topic());
        found.entry(place).or_default().push(record.envelope.event_id.clone());
    }
    found
}

async fn what_is_told_is_read_in_order_and_only_what_is_wanted(stage: &dyn Stage) {
    let keys = [(); 5].map(|()| Uuid::new_v4());
    let wanted = told(&keys, 30);
    let mut all = vec![unwanted(keys[0])];
    all.extend(wanted.iter().cloned());
    stage.tell(&all).await;
    let mut reader = stage.reader(&name()).await;
    let (mut came, mut left) = (Vec::new(), ids(&wanted).into_iter().collect::<BTreeSet<_>>());
    while !left.is_empty() {
        let next = tokio::time::timeout(PATIENCE, reader.next(17)).await.expect("it comes");
        for record in next.unwrap() {
            assert!(WANTED.contains(&record.envelope.payload.topic()));
            if left.remove(&record.envelope.event_id) {
                came.push(record);
            }
        }
        reader.commit().await.unwrap();
    }
    assert_eq!(by_key(&came), by_key(&wanted));
    let first = |id: &str| wanted.iter().find(|record| record.envelope.event_id == id).unwrap();
    assert!(came.iter().all(|record| record == first(&record.envelope.event_id)));
}

async fn what_was_committed_does_not_come_again(stage: &dyn Stage) {
    let (name, key) = (name(), Uuid::new_v4());
    let (first, second) = (told(&[key], 20), told(&[key], 20));
    stage.tell(&first).await;
    let mut readers = [stage.reader(&name).await];
    until_all(&mut readers, &first).await;
    drop(readers);
    stage.tell(&second).await;
    let mut reader = stage.reader(&name).await;
    let (mut left, mut came) = (second.len(), Vec::new());
    while left > 0 {
        let next = tokio::time::timeout(PATIENCE, reader.next(100)).await.expect("it comes");
        let next: Vec<_> = next.unwrap().into_iter().filter(|record| record.key == key).collect();
        left = left.saturating_sub(next.len());
        came.extend(next);
        reader.commit().await.unwrap();
    }
    assert_eq!(by_key(&came), by_key(&second));
}

async fn what_was_not_committed_comes_again(stage: &dyn Stage) {
    let records = told(&[Uuid::new_v4()], 30);
    stage.tell(&records).await;
    let given = async |reader: &mut dyn Records| {
        let next = tokio::time::timeout(PATIENCE, reader.next(10)).await;
        next.expect("it comes").unwrap()
    };
    let mut readers = [stage.reader(&name()).await];
    let first = given(&mut *readers[0]).await;
    until_all(&mut readers, &first).await;
    let name = name();
    let mut reader = stage.reader(&name).await;
    given(&mut *reader).await;
    drop(reader);
    until_all(&mut [stage.reader(&name).await], &records).await;
}

async fn readers_of_two_names_read_all_of_it_each(stage: &dyn Stage) {
    let records = told(&[(); 3].map(|()| Uuid::new_v4()), 10);
    stage.tell(&records).await;
    for name in [name(), name()] {
        until_all(&mut [stage.reader(&name).await], &records).await;
    }
}

async fn readers_of_one_name_read_all_of_it_together(stage: &dyn Stage) {
    let (name, keys) = (name(), [(); 20].map(|()| Uuid::new_v4()));
    let (first, second, third) = (told(&keys, 9), told(&keys, 9), told(&keys, 9));
    let mut readers = vec![stage.reader(&name).await];
    stage.tell(&first).await;
    let came = until_all(&mut readers, &first).await;
    assert_eq!(by_key(&came), by_key(&first));
    readers.push(stage.reader(&name).await);
    stage.tell(&second).await;
    let came = until_all(&mut readers, &second).await;
    assert_eq!(by_key(&came), by_key(&second), "while another one joins");
    readers.remove(0);
    stage.tell(&third).await;
    let came = until_all(&mut readers, &third).await;
    assert_eq!(by_key(&came), by_key(&third), "after one left");
}

async fn a_wait_that_is_given_up_loses_nothing(stage: &dyn Stage) {
    let mut readers = [stage.reader(&name()).await];
    let key = Uuid::new_v4();
    let records = told(&[key], 30);
    let telling = async {
        for record in records.chunks(1) {
            stage.tell(record).await;
        }
    };
    let reading = async {
        for _ in 0..20 {
            let next = readers[0].next(1_000_000);
            let given_up = tokio::time::timeout(Duration::from_millis(5), next).await;
            if let Ok(next) = given_up {
                let last = next.unwrap();
                readers[0].commit().await.unwrap();
                if last.iter().any(|record| record.key == key) {
                    return last;
                }
            }
        }
        Vec::new()
    };
    let ((), early) = tokio::join!(telling, reading);
    let early: BTreeSet<String> = ids(&early).into_iter().collect();
    let left: Vec<Record> = records
        .iter()
        .filter(|record| !early.contains(&record.envelope.event_id))
        .cloned()
        .collect();
    until_all(&mut readers, &left).await;
}
