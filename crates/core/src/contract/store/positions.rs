//! Positions: places that last, fences that only grow, and rows that wait for their readers.

use std::time::{Duration, Instant};

use zvon_protocol::time::Timestamp;

use super::Subject;
use super::scene::{NOW, Scene};
use crate::outbox::position::Position;
use crate::outbox::store::{Bookmark, Purged};

const NEVER: Timestamp = Timestamp(0);
/// How long others' transactions may take.
const PATIENCE: Duration = Duration::from_secs(20);

pub(super) async fn run(subject: Subject) {
    let scene = Scene::from(subject);
    a_place_lasts(&scene).await;
    only_the_newest_taking_moves(&scene).await;
    a_fence_is_never_given_twice(&scene).await;
    one_of_several_at_once_is_the_newest(&scene).await;
    rows_wait_for_their_readers(&scene).await;
}

async fn take(scene: &Scene, reader: &str) -> Position {
    scene.store.take_position(reader, NOW).await.unwrap()
}

async fn moves(scene: &Scene, to: &Position) -> bool {
    scene.store.move_position(to).await.unwrap()
}

async fn forget(scene: &Scene, reader: &str) -> bool {
    scene.store.forget_position(reader).await.unwrap()
}

async fn a_place_lasts(scene: &Scene) {
    assert_eq!(scene.store.positions().await.unwrap(), []);
    let begun = take(scene, "a").await;
    assert_eq!((&begun.place, begun.reached), (&Bookmark::default(), NEVER));
    let [ann, bob] = scene.people().await;
    scene.pair(ann, bob).await;
    let (rows, place) = scene.store.outbox(&begun.place, 2).await.unwrap();
    assert_eq!(rows.len(), 2);
    let moved_at = NOW.plus_millis(5);
    let moved = Position { place, reached: NOW, moved_at, ..begun };
    assert!(moves(scene, &moved).await);
    assert_eq!(scene.store.positions().await.unwrap(), std::slice::from_ref(&moved));
    let taken = scene.store.take_position("a", NOW.plus_millis(9)).await.unwrap();
    assert!(taken.fence > moved.fence);
    assert_eq!((taken.place, taken.reached), (moved.place, NOW));
    assert_eq!(taken.moved_at, NOW.plus_millis(9));
    take(scene, "b").await;
    let names: Vec<_> = scene.store.positions().await.unwrap();
    assert_eq!(names.iter().map(|one| one.reader.as_str()).collect::<Vec<_>>(), ["a", "b"]);
    assert!(forget(scene, "a").await && forget(scene, "b").await);
    assert!(!forget(scene, "b").await);
    assert_eq!(scene.store.positions().await.unwrap(), []);
}

async fn only_the_newest_taking_moves(scene: &Scene) {
    let place = scene.store.outbox_end().await.unwrap();
    let at = |position: &Position| Position { place: place.clone(), ..position.clone() };
    let (old, new) = (take(scene, "a").await, take(scene, "a").await);
    assert!(!moves(scene, &at(&old)).await);
    assert_eq!(scene.store.positions().await.unwrap(), std::slice::from_ref(&new));
    assert!(moves(scene, &at(&new)).await);
    assert!(!moves(scene, &Position { reader: "nobody".to_owned(), ..at(&new) }).await);
    let wrong = Position { place: Bookmark("nowhere".to_owned()), ..new.clone() };
    assert!(scene.store.move_position(&wrong).await.is_err());
    let back = Position { reached: NOW.plus_millis(3), ..at(&new) };
    assert!(moves(scene, &back).await && moves(scene, &Position { reached: NOW, ..back }).await);
    let reached = scene.store.positions().await.unwrap()[0].reached;
    assert_eq!(reached, NOW.plus_millis(3), "it does not go back");
    assert!(forget(scene, "a").await);
    assert!(!moves(scene, &at(&new)).await, "it was forgotten");
}

async fn a_fence_is_never_given_twice(scene: &Scene) {
    let mut last = 0;
    for round in 0..6 {
        let taken = scene.store.take_position("a", NOW.plus_millis(round)).await.unwrap();
        assert!(taken.fence > last, "{} after {last}", taken.fence);
        last = taken.fence;
        if round % 2 == 1 {
            assert!(forget(scene, "a").await);
        }
    }
}

async fn one_of_several_at_once_is_the_newest(scene: &Scene) {
    let takes: Vec<_> = (0..8)
        .map(|_| {
            let scene = scene.clone();
            tokio::spawn(async move { take(&scene, "a").await })
        })
        .collect();
    let mut taken = Vec::new();
    for take in takes {
        taken.push(take.await.unwrap());
    }
    taken.sort_unstable_by_key(|position| position.fence);
    taken.dedup_by_key(|position| position.fence);
    assert_eq!(taken.len(), 8);
    let newest = taken.pop().unwrap();
    for old in taken {
        assert!(!moves(scene, &old).await);
    }
    assert!(moves(scene, &newest).await && forget(scene, "a").await);
}

async fn rows_wait_for_their_readers(scene: &Scene) {
    let [ann, bob] = scene.people().await;
    let chat = scene.pair(ann, bob).await;
    let later = NOW.plus_millis(100);
    let purge = async |read, unread| scene.store.purge_outbox(read, unread).await.unwrap();
    purge(later, NEVER).await;
    let (quick, slow) = (take(scene, "quick").await, take(scene, "slow").await);
    for number in 0..6 {
        let at = NOW.plus_millis(number);
        scene.store.append(at, &[ann.says(chat, "x")]).await.unwrap();
    }
    assert_eq!(purge(later, NEVER).await, Purged::default(), "nobody has read anything");
    let read = async |position: &Position, rows| {
        let (rows, place) = scene.store.outbox(&position.place, rows).await.unwrap();
        let reached = rows.last().unwrap().at;
        let position = Position { place, reached, ..position.clone() };
        assert!(moves(scene, &position).await);
        position
    };
    let mut quick = read(&quick, 100).await;
    assert_eq!(purge(later, NEVER).await, Purged::default(), "one has not");
    let slow = read(&slow, 2).await;
    purge(later, NEVER).await;
    let left = async || scene.store.outbox(&Bookmark::default(), 100).await.unwrap().0.len();
    assert!((4..=6).contains(&left().await), "what both have read may go, and nothing else");
    let rest = scene.store.outbox(&slow.place, 100).await.unwrap().0;
    assert_eq!(rest.len(), 4, "what one has to read is there");
    let purged = purge(later, NOW.plus_millis(4)).await;
    assert_eq!((purged.unread >= 2, left().await), (true, 2), "{purged:?}: too old to be kept");
    assert!(forget(scene, "slow").await);
    // Whatever transactions others have open elsewhere: an end that is read again is behind them.
    let begun = Instant::now();
    while left().await > 1 {
        assert!(begun.elapsed() < PATIENCE, "nobody waits for them any more");
        let (_, place) = scene.store.outbox(&quick.place, 100).await.unwrap();
        quick.place = place;
        assert!(moves(scene, &quick).await);
        purge(later, NEVER).await;
    }
    assert!(forget(scene, "quick").await);
    purge(later, NEVER).await;
    assert_eq!(left().await, 0);
}
