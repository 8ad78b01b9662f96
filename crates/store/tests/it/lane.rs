//! `core`'s lane over a real log: group commit, and an answer after everything else.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use zvon_core::clock::ManualClock;
use zvon_core::delivery::cursor::Cursors;
use zvon_core::delivery::lane::{Lane, Lanes};
use zvon_core::delivery::notice::Notices;
use zvon_core::delivery::sequencer::{Seams, Sequencer};
use zvon_core::message::store::{Appended, MessageStore};
use zvon_core::outbox::store::{Bookmark, OutboxStore};
use zvon_core::store::Store;
use zvon_store::sqlite::Sqlite;

use crate::Place;
use crate::rooms::Rooms;
use crate::scene::Scene;
use crate::wire::Wire;

struct Node {
    _place: Place,
    store: Arc<Sqlite>,
    scene: Scene,
    rooms: Arc<Rooms>,
    wire: Arc<Wire>,
    lanes: Lanes,
    tasks: TaskTracker,
    cursors: Cursors,
}

impl Node {
    async fn start() -> Self {
        let place = Place::new();
        let store = place.open().await;
        let scene = Scene::new(&store).await;
        let (rooms, tasks) = (Arc::new(Rooms::default()), TaskTracker::new());
        let seam: Arc<dyn Store> = Arc::clone(&store) as _;
        let fanout: Arc<Rooms> = Arc::clone(&rooms);
        let clock = Arc::new(ManualClock::at(scene.author.at));
        let notices = Notices::new(Arc::clone(&seam), fanout.clone(), clock.clone(), tasks.clone());
        let cursors = Cursors::start(
            Arc::clone(&seam),
            clock.clone(),
            notices.clone(),
            Arc::default(),
            &tasks,
        );
        let wire = Arc::new(Wire::default());
        let seams = (Arc::clone(&seam), fanout.clone() as _, wire.clone() as _);
        let stop = CancellationToken::new();
        let sequencer = Sequencer::new(Seams::new(seams, &cursors, &tasks, &stop));
        sequencer.open(&[scene.chat]).await.unwrap();
        let lanes = Lanes::start(1, &tasks, || Lane {
            store: Arc::clone(&seam),
            clock: clock.clone(),
            fanout: fanout.clone(),
            sequencer: sequencer.clone(),
            cursors: cursors.clone(),
            notices: notices.clone(),
            meters: Arc::default(),
            tasks: tasks.clone(),
            apart: std::time::Duration::ZERO,
        });
        Self { _place: place, store, scene, rooms, wire, lanes, tasks, cursors }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_comes_after_the_commit_and_the_hand_over_and_many_share_a_commit() {
    let node = Arc::new(Node::start().await);
    let before = node.store.outbox(&Bookmark::default(), 10_000).await.unwrap().0.len();
    let senders = (0..300).map(|number| {
        let node = Arc::clone(&node);
        tokio::spawn(async move {
            let answer = node.lanes.append(node.scene.text(number)).await.unwrap();
            let Appended::Stored { seq, .. } = answer else { panic!("{answer:?}") };
            assert!(node.rooms.heard(node.scene.chat).contains(&seq), "{seq} was not heard yet");
            let heads = node.store.heads(&[node.scene.chat]).await.unwrap();
            assert!(heads[0].1 >= seq, "{seq} is not committed yet");
        })
    });
    for sender in senders.collect::<Vec<_>>() {
        sender.await.unwrap();
    }
    assert_eq!(node.rooms.heard(node.scene.chat), (2..=301).collect::<Vec<_>>());
    assert_eq!(node.wire.told(), (2..=301).collect::<Vec<_>>(), "the other nodes are told");
    let commits = node.store.outbox(&Bookmark::default(), 10_000).await.unwrap().0.len() - before;
    assert!(commits <= 150, "{commits} commits for 300 sends");
}

#[tokio::test]
async fn a_try_whose_answer_was_lost_is_heard_by_the_next_one_and_once() {
    let node = Node::start().await;
    let row = node.scene.text(1);
    node.store.append(node.scene.author.at, std::slice::from_ref(&row)).await.unwrap();
    assert!(node.rooms.heard(node.scene.chat).is_empty());
    for _ in 0..3 {
        let answer = node.lanes.append(row.clone()).await.unwrap();
        assert!(matches!(answer, Appended::Repeated(message) if message.id == row.id));
        assert_eq!(node.rooms.heard(node.scene.chat), [2]);
    }
}

#[tokio::test]
async fn what_another_node_stored_meanwhile_is_heard_before_the_own_and_told_to_nobody() {
    let node = Node::start().await;
    for number in 0..3 {
        node.store.append(node.scene.author.at, &[node.scene.text(number)]).await.unwrap();
    }
    node.lanes.append(node.scene.text(3)).await.unwrap();
    assert_eq!(node.rooms.heard(node.scene.chat), [2, 3, 4, 5], "no gap is waited for");
    assert_eq!(node.wire.told(), [5]);
}

#[tokio::test]
async fn what_is_queued_at_the_end_is_committed_and_nothing_after_it() {
    let node = Arc::new(Node::start().await);
    let queued: Vec<_> = (0..100)
        .map(|number| {
            let node = Arc::clone(&node);
            tokio::spawn(async move { node.lanes.append(node.scene.text(number)).await })
        })
        .collect();
    tokio::task::yield_now().await;
    node.lanes.close();
    node.cursors.close();
    node.tasks.close();
    node.tasks.wait().await;
    let mut stored = 0;
    for answer in queued {
        stored += u64::from(answer.await.unwrap().is_ok());
    }
    assert_eq!(node.store.heads(&[node.scene.chat]).await.unwrap()[0].1, 1 + stored);
    assert!(stored > 0);
    assert!(node.lanes.append(node.scene.text(0)).await.is_err());
}
