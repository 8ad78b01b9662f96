//! Counts per day: each fact once, by several at a time; days that are folded.

use std::sync::Arc;

use uuid::Uuid;
use zvon_protocol::analytics::DayCounts;
use zvon_protocol::day::Day;
use zvon_protocol::ids::{ChatId, UserId};

use super::Subject;
use super::scene::{NOW, Scene};
use crate::analytics::{Fact, What};
use crate::job::Once;

const ONCE: Once = Once { job: "analytics", at: NOW };

pub(super) async fn run(subject: Subject) {
    let scene = Scene::from(subject);
    it_begins_with_nothing(&scene).await;
    each_fact_counts_once_on_its_day(&scene).await;
    it_counts_again_what_another_job_noted(&scene).await;
    several_count_at_a_time(&scene).await;
    a_folded_day_keeps_its_numbers(&scene).await;
    a_wrong_clock_folds_nothing(&scene).await;
}

fn user(number: u128) -> UserId {
    UserId(Uuid::from_u128(number))
}

fn message(event: &str, day: i64, chat: u128, sender: u128) -> Fact {
    let what = What::Message { chat: ChatId(Uuid::from_u128(chat)), sender: user(sender) };
    fact(event, day, what)
}

fn fact(event: &str, day: i64, what: What) -> Fact {
    Fact { event_id: event.to_owned(), day: Day::new(day), what }
}

fn counts(day: i64, [messages, users, chats, new_users, new_chats]: [u64; 5]) -> DayCounts {
    let (day, active_users, active_chats) = (Day::new(day), users, chats);
    DayCounts { day, messages, active_users, active_chats, new_users, new_chats }
}

async fn count(scene: &Scene, facts: &[Fact]) -> u64 {
    scene.store.count_facts(ONCE, facts).await.unwrap()
}

async fn days(scene: &Scene, from: i64, to: i64) -> Vec<DayCounts> {
    scene.store.counted_days(Day::new(from), Day::new(to)).await.unwrap()
}

async fn it_begins_with_nothing(scene: &Scene) {
    assert_eq!(days(scene, i64::MIN, i64::MAX).await, []);
    assert_eq!(count(scene, &[]).await, 0);
    assert_eq!(scene.store.fold_days(Day::of(NOW), 0).await.unwrap(), 0);
    assert_eq!(days(scene, i64::MIN, i64::MAX).await, []);
}

async fn each_fact_counts_once_on_its_day(scene: &Scene) {
    let facts = [
        message("1", 100, 1, 1),
        message("2", 100, 1, 2),
        message("3", 100, 2, 1),
        fact("4", 100, What::Came(user(1))),
        fact("5", 100, What::Came(user(3))),
        fact("6", 100, What::NewUser),
        fact("7", 100, What::NewChat(user(4))),
        // A user of the same id as a chat, and the same people on another day.
        message("8", 101, 2, 2),
        fact("9", -1, What::Came(user(1))),
    ];
    let expected =
        [counts(-1, [0, 1, 0, 0, 0]), counts(100, [3, 4, 2, 1, 1]), counts(101, [1, 1, 1, 0, 0])];
    assert_eq!(count(scene, &facts[..4]).await, 4);
    assert_eq!(count(scene, &facts[2..]).await, 5, "two of them were counted");
    assert_eq!(days(scene, -1, 101).await, expected);
    for again in [&facts[..], &facts[5..6], &[facts[7].clone(), facts[7].clone()]] {
        assert_eq!(count(scene, again).await, 0);
    }
    let twice = [message("10", 102, 1, 1), message("10", 102, 1, 1)];
    assert_eq!(count(scene, &twice).await, 1);
    let mut expected = expected.to_vec();
    expected.push(counts(102, [1, 1, 1, 0, 0]));
    assert_eq!(days(scene, i64::MIN, i64::MAX).await, expected, "ascending");
    assert_eq!(days(scene, 100, 101).await, expected[1..3], "both ends among them");
    assert_eq!(days(scene, 101, 100).await, []);
}

async fn it_counts_again_what_another_job_noted(scene: &Scene) {
    let other = Once { job: "another", at: NOW };
    let one = [fact("of both", 150, What::NewUser)];
    assert_eq!(scene.store.count_facts(other, &one).await.unwrap(), 1);
    assert_eq!(count(scene, &one).await, 1);
}

async fn several_count_at_a_time(scene: &Scene) {
    let writers = (0..4_u128).map(|writer| {
        let store = Arc::clone(&scene.store);
        tokio::spawn(async move {
            for round in 0..10_u128 {
                // Every second one is told by two of them.
                let event = |number: u128| match number % 2 {
                    0 => format!("shared {} {round} {number}", writer / 2),
                    _ => format!("own {writer} {round} {number}"),
                };
                let day = |number: u128| if number < 3 { 200 } else { 201 };
                let some: Vec<_> = (0..6)
                    .map(|number| message(&event(number), day(number), number, round))
                    .collect();
                store.count_facts(ONCE, &some).await.unwrap();
            }
        })
    });
    for writer in writers.collect::<Vec<_>>() {
        writer.await.unwrap();
    }
    let own = 4 * 10;
    let expected = [counts(200, [own + 40, 10, 3, 0, 0]), counts(201, [own * 2 + 20, 10, 3, 0, 0])];
    assert_eq!(days(scene, 200, 201).await, expected);
}

async fn a_folded_day_keeps_its_numbers(scene: &Scene) {
    let before = days(scene, i64::MIN, i64::MAX).await;
    let store = &scene.store;
    let fold = async |keep| store.fold_days(Day::of(NOW), keep).await.unwrap();
    assert_eq!(fold(1000).await, 0, "none is that old");
    // 201 is the newest: what lies more than 100 days before it goes.
    let rows = 1 + (4 + 2);
    assert_eq!(fold(100).await, rows);
    assert_eq!(fold(100).await, 0);
    assert_eq!(days(scene, i64::MIN, i64::MAX).await, before);
    let late = [message("late", 100, 7, 7), fact("late too", 100, What::NewChat(user(7)))];
    assert_eq!(count(scene, &late).await, 2);
    assert_eq!(
        days(scene, 100, 100).await,
        [counts(100, [4, 4, 2, 1, 2])],
        "none is counted twice"
    );
    assert_eq!(fold(100).await, 0);
    // One that nothing was told of is counted as any other until then.
    assert_eq!(count(scene, &[message("later", 50, 7, 7)]).await, 1);
    assert_eq!(days(scene, 50, 50).await, [counts(50, [1, 1, 1, 0, 0])]);
    assert_eq!(fold(100).await, 2);
    // 101 is none of them.
    assert_eq!(count(scene, &[message("same", 101, 2, 2), message("new", 101, 3, 3)]).await, 2);
    assert_eq!(days(scene, 101, 101).await, [counts(101, [3, 2, 2, 0, 0])]);
}

async fn a_wrong_clock_folds_nothing(scene: &Scene) {
    let future = Day::of(NOW).plus(10_000);
    assert_eq!(count(scene, &[fact("of tomorrow", future.number(), What::NewUser)]).await, 1);
    let store = &scene.store;
    assert_eq!(store.fold_days(Day::new(201), 100).await.unwrap(), 0);
    assert_eq!(count(scene, &[message("known", 101, 2, 2)]).await, 1);
    assert_eq!(days(scene, 101, 101).await, [counts(101, [4, 2, 2, 0, 0])]);
}
