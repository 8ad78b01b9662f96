//! Account events that nobody waits for: many share a commit, they keep their order, wait for a
//! store that is busy, and are counted when it is gone.

use std::sync::Arc;
use std::time::Duration;

use sqlx::Executor;
use tokio_util::task::TaskTracker;
use uuid::Uuid;
use zvon_core::clock::ManualClock;
use zvon_core::meters::Meters;
use zvon_core::outbox::event::{AccountEvent, AccountKind};
use zvon_core::outbox::gather::Gather;
use zvon_core::outbox::store::{Bookmark, OutboxRow, OutboxStore};
use zvon_core::store::Store;
use zvon_protocol::ids::UserId;
use zvon_store::sqlite::Sqlite;

use crate::Place;
use crate::scene::NOW;

/// How long what has to come may take.
const PATIENCE: Duration = Duration::from_secs(20);

struct Node {
    place: Place,
    store: Arc<Sqlite>,
    clock: Arc<ManualClock>,
    gather: Gather,
    tasks: TaskTracker,
}

impl Node {
    async fn start() -> Self {
        let (place, tasks) = (Place::new(), TaskTracker::new());
        let (store, clock) = (place.open().await, Arc::new(ManualClock::at(NOW)));
        let seam = Arc::clone(&store) as Arc<dyn Store>;
        let time = Arc::clone(&clock) as Arc<_>;
        let gather = Gather::start(seam, time, Arc::new(Meters::default()), &tasks);
        Self { place, store, clock, gather, tasks }
    }

    fn connects(&self, user: UserId, number: u64) {
        let (connection, address) = (number.to_string(), "192.0.2.1".to_owned());
        let device = "a browser like any other".to_owned();
        self.gather.tell(user, AccountKind::Connected { connection, address, device });
    }

    fn disconnects(&self, user: UserId, number: u64) {
        let connection = number.to_string();
        self.gather.tell(user, AccountKind::Disconnected { connection, lasted: number });
    }

    async fn rows(&self) -> Vec<OutboxRow> {
        self.store.outbox(&Bookmark::default(), 100_000).await.unwrap().0
    }

    /// The end of the node.
    async fn close(&self) {
        self.gather.close();
        self.tasks.close();
        tokio::time::timeout(PATIENCE, self.tasks.wait()).await.unwrap();
    }
}

fn events(rows: &[OutboxRow]) -> Vec<AccountEvent> {
    let extra = rows.iter().filter_map(|row| row.extra.as_deref());
    extra.flat_map(|text| serde_json::from_str::<Vec<_>>(text).unwrap()).collect()
}

fn people(count: u128) -> Vec<UserId> {
    (0..count).map(|number| UserId(Uuid::from_u128(number))).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_connects_are_few_commits_in_order() {
    let (node, people) = (Node::start().await, people(100));
    for number in 0..10_000 {
        node.connects(people[number % 100], number as u64);
        node.disconnects(people[number % 100], number as u64);
    }
    node.close().await;
    let rows = node.rows().await;
    assert!(rows.len() <= 100, "{} commits for 20 000 events", rows.len());
    let events = events(&rows);
    assert_eq!(events.len(), 20_000, "all of them, at the end of the node at the latest");
    for (index, event) in events.iter().enumerate() {
        let number = (index / 2) as u64;
        let (connection, begins) = match &event.kind {
            AccountKind::Connected { connection, .. } => (connection, true),
            AccountKind::Disconnected { connection, .. } => (connection, false),
            other => panic!("{other:?}"),
        };
        assert_eq!((connection, begins), (&number.to_string(), index % 2 == 0));
        assert_eq!(event.user, people[index / 2 % 100]);
    }
    assert!(rows.iter().all(|row| row.at == NOW && row.spans.is_empty()));
}

#[tokio::test]
async fn what_happens_is_recorded_soon_with_its_time() {
    let (node, ann) = (Node::start().await, people(1)[0]);
    for round in 1..=3 {
        node.connects(ann, round);
        let begun = tokio::time::Instant::now();
        while node.rows().await.len() < usize::try_from(round).unwrap() {
            assert!(begun.elapsed() < PATIENCE);
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        node.clock.advance(5000);
    }
    let times: Vec<_> = node.rows().await.iter().map(|row| row.at.0 - NOW.0).collect();
    assert_eq!(times, [0, 5000, 10_000]);
    node.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_finds_the_database_locked_waits_and_nobody_waits_for_it() {
    let (node, ann) = (Node::start().await, people(1)[0]);
    let raw = node.place.raw().await;
    let mut holder = raw.acquire().await.unwrap();
    holder.execute("BEGIN IMMEDIATE").await.unwrap();
    let begun = tokio::time::Instant::now();
    for number in 0..5000 {
        node.connects(ann, number);
        node.clock.advance(1);
    }
    assert!(begun.elapsed() < Duration::from_secs(3), "{:?}", begun.elapsed());
    holder.execute("ROLLBACK").await.unwrap();
    node.close().await;
    let rows = node.rows().await;
    assert_eq!(events(&rows).len(), 5000);
    let times: Vec<_> = rows.iter().map(|row| row.at.0 - NOW.0).collect();
    assert!(times.is_sorted() && times[0] == 0 && *times.last().unwrap() > 4000, "{times:?}");
}

#[tokio::test]
async fn a_store_that_does_not_come_back_keeps_no_node_from_ending() {
    let (node, ann) = (Node::start().await, people(1)[0]);
    node.store.close().await;
    for number in 0..10 {
        node.connects(ann, number);
    }
    node.close().await;
    let again = node.place.open().await;
    assert_eq!(again.outbox(&Bookmark::default(), 9).await.unwrap().0, []);
}
