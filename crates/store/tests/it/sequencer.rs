//! `core`'s sequencer over a real log: whatever comes, sockets hear each event once, in order.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use zvon_core::chat::store::ChatStore;
use zvon_core::clock::ManualClock;
use zvon_core::delivery::cursor::Cursors;
use zvon_core::delivery::notice::Notices;
use zvon_core::delivery::sequencer::{Seams, Sequencer};
use zvon_core::message::LogEvent;
use zvon_core::message::store::MessageStore;
use zvon_core::store::Store;
use zvon_protocol::message::Status;
use zvon_store::sqlite::Sqlite;

use crate::Place;
use crate::rooms::Rooms;
use crate::scene::Scene;
use crate::wire::Wire;

/// The head of a chat that was just made.
const FIRST: u64 = 1;

/// A chat, its store, and the sequencer between them and the rooms.
struct Node {
    _place: Place,
    store: Arc<Sqlite>,
    scene: Scene,
    rooms: Arc<Rooms>,
    wire: Arc<Wire>,
    sequencer: Sequencer,
}

impl Node {
    async fn start() -> Self {
        let place = Place::new();
        let store = place.open().await;
        let scene = Scene::new(&store).await;
        let rooms = Arc::new(Rooms::default());
        let (wire, tasks) = (Arc::new(Wire::default()), TaskTracker::new());
        let seam: Arc<dyn Store> = Arc::clone(&store) as _;
        let clock = Arc::new(ManualClock::at(scene.author.at));
        let notices = Notices::new(Arc::clone(&seam), rooms.clone(), clock.clone(), tasks.clone());
        let cursors = Cursors::start(Arc::clone(&seam), clock, notices, Arc::default(), &tasks);
        let seams = (seam, rooms.clone() as _, wire.clone() as _);
        let stop = CancellationToken::new();
        let sequencer = Sequencer::new(Seams::new(seams, &cursors, &tasks, &stop));
        Self { _place: place, store, scene, rooms, wire, sequencer }
    }

    /// Sends so many texts; their events.
    async fn send(&self, count: usize) -> Vec<LogEvent> {
        let head = self.store.heads(&[self.scene.chat]).await.unwrap()[0].1;
        self.scene.send(&self.store, 0..count).await;
        self.store.events(self.scene.chat, head, 10_000).await.unwrap()
    }

    fn deliver(&self, events: &[&LogEvent]) {
        let events: Vec<_> = events.iter().map(|&event| (event.clone(), Status::Sent)).collect();
        self.sequencer.hear(self.scene.chat, &events);
    }

    /// Waits until `last` was heard, and checks that everything after `first` was, in order.
    async fn heard_all(&self, first: u64, last: u64) {
        let patience = Duration::from_secs(10);
        let begun = std::time::Instant::now();
        while self.rooms.heard(self.scene.chat).last() != Some(&last) {
            assert!(begun.elapsed() < patience, "{:?}", self.rooms.heard(self.scene.chat));
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let expected: Vec<u64> = (first + 1..=last).collect();
        assert_eq!(self.rooms.heard(self.scene.chat), expected);
    }
}

#[tokio::test]
async fn shuffled_repeated_and_lost_events_come_out_dense_and_in_order() {
    let node = Node::start().await;
    node.sequencer.open(&[node.scene.chat]).await.unwrap();
    let events = node.send(120).await;
    for index in 0..events.len() {
        // A walk through all of them, far from order; every fifth is lost, every third twice.
        let at = index * 53 % events.len();
        if at % 5 != 2 {
            let twice = if at % 3 == 0 { 2 } else { 1 };
            node.deliver(&vec![&events[at]; twice]);
        }
    }
    node.heard_all(FIRST, FIRST + 120).await;
}

#[tokio::test]
async fn a_gap_at_the_end_of_a_flood_costs_time_and_no_event() {
    let node = Node::start().await;
    node.sequencer.open(&[node.scene.chat]).await.unwrap();
    // More than is held: what has to be let go is read again, with nothing else coming after.
    let events = node.send(900).await;
    let but_the_first: Vec<&LogEvent> = events.iter().skip(1).collect();
    node.deliver(&but_the_first);
    node.heard_all(FIRST, FIRST + 900).await;
}

#[tokio::test]
async fn a_chat_that_nobody_opened_is_not_heard_and_opens_at_its_head() {
    let node = Node::start().await;
    let early = node.send(3).await;
    node.deliver(&early.iter().collect::<Vec<_>>());
    assert!(node.rooms.heard(node.scene.chat).is_empty());
    node.sequencer.open(&[node.scene.chat]).await.unwrap();
    let late = node.send(2).await;
    node.deliver(&late.iter().collect::<Vec<_>>());
    node.heard_all(FIRST + 3, FIRST + 5).await;

    assert_eq!(node.wire.followers(node.scene.chat), 1);
    node.rooms.close();
    node.sequencer.sweep();
    assert_eq!(node.wire.followers(node.scene.chat), 0);
    let unheard = node.send(4).await;
    node.deliver(&unheard.iter().collect::<Vec<_>>());
    assert_eq!(node.rooms.heard(node.scene.chat).len(), 2, "the room was empty and was closed");
}

#[tokio::test]
async fn the_last_event_of_a_quiet_chat_is_found_when_it_is_known_of() {
    let node = Node::start().await;
    node.sequencer.open(&[node.scene.chat]).await.unwrap();
    node.send(3).await;
    node.sequencer.expect(node.scene.chat, FIRST + 3);
    node.heard_all(FIRST, FIRST + 3).await;
    assert!(node.wire.told().is_empty(), "what others committed is told by them");
}

#[tokio::test]
async fn who_is_handed_what_was_committed_elsewhere_has_received_it() {
    let node = Node::start().await;
    let other = node.scene.other;
    node.rooms.let_in(other);
    node.sequencer.open(&[node.scene.chat]).await.unwrap();
    let events = node.send(4).await;
    node.deliver(&events.iter().collect::<Vec<_>>());
    let begun = std::time::Instant::now();
    let received = async || {
        let member = node.store.member(node.scene.chat, other).await.unwrap().unwrap();
        (member.delivered_seq, member.read_seq)
    };
    while received().await.0 != FIRST + 4 {
        assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", received().await);
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert!(received().await.1 < FIRST + 4, "receiving is not reading");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_enters_in_the_middle_of_things_misses_nothing_and_hears_nothing_twice() {
    let node = Arc::new(Node::start().await);
    let before = node.send(300).await;
    let shown = before[20].seq;
    let writer = {
        let node = Arc::clone(&node);
        tokio::spawn(async move {
            for _ in 0..40 {
                let events = node.send(3).await;
                node.deliver(&events.iter().collect::<Vec<_>>());
            }
        })
    };
    for after in [Some(shown), None, Some(before[299].seq), Some(0)] {
        let (chat, rooms) = (node.scene.chat, &node.rooms);
        let entered = node.sequencer.enter(chat, after, |position, replay| {
            let heard = rooms.heard(chat);
            assert!(heard.last().is_none_or(|last| *last == position), "one step with deliveries");
            (position, replay.iter().map(|delivery| delivery.seq).collect::<Vec<_>>())
        });
        let (position, replay) = entered.await.unwrap();
        let from = after.unwrap_or(position);
        assert_eq!(replay, (from + 1..=position).collect::<Vec<_>>(), "after {after:?}");
    }
    writer.await.unwrap();
    node.sequencer.caught_up(node.scene.chat, FIRST + 420).await;
    let heard = node.rooms.heard(node.scene.chat);
    assert!(heard.windows(2).all(|two| two[0] + 1 == two[1]), "dense from where it was opened");
    assert!(heard.last().is_none_or(|last| *last == FIRST + 420));
}

#[tokio::test]
async fn who_has_read_further_than_was_handed_out_waits_for_the_others() {
    let node = Node::start().await;
    let chat = node.scene.chat;
    node.sequencer.open(&[chat]).await.unwrap();
    let events = node.send(5).await;
    // The hand-over never comes; the entry brings everybody up to it.
    let entered = node
        .sequencer
        .enter(chat, Some(events[4].seq), |position, replay| (position, replay.len()));
    assert_eq!(entered.await.unwrap(), (FIRST + 5, 0));
    node.deliver(&events.iter().collect::<Vec<_>>());
    node.heard_all(FIRST, FIRST + 5).await;
    // Nobody can be ahead of the log itself.
    let entered =
        node.sequencer.enter(chat, Some(1000), |position, replay| (position, replay.len()));
    assert_eq!(entered.await.unwrap(), (FIRST + 5, 0));
}
