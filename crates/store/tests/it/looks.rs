//! How often jobs look at the outbox: a job that nobody waits for looks about once a second, however
//! much is committed, and misses nothing by it. On both databases.

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use zvon_core::chat::store::Author;
use zvon_core::event_log::{Record, Records};
use zvon_core::job::{Job, JobError, Source};
use zvon_core::outbox::source::OutboxSource;
use zvon_core::store::Store;
use zvon_protocol::ids::ChatId;
use zvon_protocol::record::Payload;

use crate::Place;
use crate::postgres::Place as Database;
use crate::relay::{Some, ground, group};
use crate::scene::NOW;
use crate::told::{person, text};

const PATIENCE: Duration = Duration::from_secs(60);
/// For how long somebody sends.
const BUSY: Duration = Duration::from_secs(3);

/// A job that is only read for.
struct Reads {
    name: &'static str,
    prompt: bool,
}

#[async_trait]
impl Job for Reads {
    fn name(&self) -> &'static str {
        self.name
    }

    fn topics(&self) -> &'static [&'static str] {
        &["message.created"]
    }

    fn is_prompt(&self) -> bool {
        self.prompt
    }

    async fn run(&self, _: &[Record]) -> Result<(), JobError> {
        Ok(())
    }
}

async fn open(store: &Arc<dyn Store>, name: &'static str, prompt: bool) -> Box<dyn Records> {
    let job: Arc<dyn Job> = Arc::new(Reads { name, prompt });
    OutboxSource(ground(store, &Arc::new(Some::default()))).open(&job).await.unwrap()
}

/// The sizes of the batches in which messages come, from `1` to `last`.
async fn batches(mut records: Box<dyn Records>, most: usize) -> Vec<usize> {
    let (mut sizes, mut came) = (Vec::new(), Vec::new());
    while came.last().is_none_or(|text| text != "last") {
        let some = tokio::time::timeout(PATIENCE, records.next(most)).await.expect("it comes");
        let some = some.unwrap();
        records.commit().await.unwrap();
        sizes.push(some.len());
        came.extend(some.into_iter().map(|record| match record.envelope.payload {
            Payload::MessageCreated { content, .. } => content,
            other => panic!("{other:?} is not wanted"),
        }));
    }
    let expected = (1..came.len()).map(|number| number.to_string());
    let expected: Vec<_> = expected.chain(["last".to_owned()]).collect();
    assert_eq!(came, expected, "all of it, once, in order");
    sizes
}

/// A message every few milliseconds.
async fn talk(store: &Arc<dyn Store>, author: Author, chat: ChatId) {
    let (begun, mut number) = (Instant::now(), 0);
    let say = async |content: String| {
        let row = zvon_core::message::store::Append { content, ..text(author, chat) };
        store.append(NOW, &[row]).await.unwrap();
    };
    while begun.elapsed() < BUSY {
        number += 1;
        say(number.to_string()).await;
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    say("last".to_owned()).await;
}

async fn a_look_brings_what_a_second_brought(store: Arc<dyn Store>) {
    let ann = person(&*store).await;
    let chat = group(&*store, ann, &[]).await;
    let (patient, prompt) =
        (open(&store, "patient", false).await, open(&store, "prompt", true).await);
    let begun = Instant::now();
    let (patient, prompt, ()) =
        tokio::join!(batches(patient, 1000), batches(prompt, 1000), talk(&store, ann, chat));
    let looks = begun.elapsed().as_secs() as usize + 2;
    assert!(patient.len() <= looks, "{patient:?}");
    println!("{} and {} batches in {:?}", patient.len(), prompt.len(), begun.elapsed());
}

async fn what_waits_is_read_without_a_rest(store: Arc<dyn Store>) {
    let ann = person(&*store).await;
    let chat = group(&*store, ann, &[]).await;
    // Pages of the outbox and to spare.
    for first in (1..=2400).step_by(2) {
        let say = |number: usize| {
            let content = if number == 2400 { "last".to_owned() } else { number.to_string() };
            zvon_core::message::store::Append { content, ..text(ann, chat) }
        };
        store.append(NOW, &[say(first), say(first + 1)]).await.unwrap();
    }
    let begun = Instant::now();
    let sizes = batches(open(&store, "late", false).await, 10).await;
    println!("{} batches in {:?}", sizes.len(), begun.elapsed());
    assert!(begun.elapsed() < Duration::from_secs(sizes.len() as u64 / 2), "one rest each");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn jobs_on_sqlite_look_seldom_and_miss_nothing() {
    let place = Place::new();
    a_look_brings_what_a_second_brought(place.open().await).await;
    let place = Place::new();
    what_waits_is_read_without_a_rest(place.open().await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn jobs_on_postgres_look_seldom_and_miss_nothing() {
    let place = Database::new().await;
    a_look_brings_what_a_second_brought(place.open().await).await;
    let place = Database::new().await;
    what_waits_is_read_without_a_rest(place.open().await).await;
}
