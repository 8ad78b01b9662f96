//! What every `Cache` must do. Cases use keys of their own.
//!
//! A cache may forget, so a case says what may not be there rather than what must, but for what was
//! put a moment ago into an implementation that has room: a cache that keeps nothing is none.

use std::sync::Arc;
use std::time::Duration;

use crate::cache::{Cache, Entry};

const LONG: Duration = Duration::from_secs(60);

/// Runs all cases; `make` gives an implementation, the same or another, whose writes are seen by
/// the others within `settle`.
pub async fn run(make: impl Fn() -> Arc<dyn Cache>, settle: Duration) {
    what_is_put_is_got(&*make(), settle).await;
    an_older_one_never_takes_the_place_of_a_newer(&*make(), settle).await;
    many_at_once_leave_the_newest(make(), settle).await;
    what_was_read_before_a_change_is_worth_nothing_after_it(&*make(), &*make()).await;
    versions_only_grow(make(), make()).await;
    lives_end(&*make(), settle).await;
    what_is_forgotten_is_gone(&*make(), settle).await;
}

fn entry(version: u64) -> Entry {
    Entry { version, value: format!("value {version}").into_bytes().into() }
}

async fn put(cache: &dyn Cache, key: &str, version: u64) {
    cache.put(vec![(key.to_owned(), entry(version))], LONG).await;
}

async fn get(cache: &dyn Cache, key: &str, least: u64) -> Option<Entry> {
    cache.get(&[(key.to_owned(), least)]).await.pop().flatten()
}

async fn what_is_put_is_got(cache: &dyn Cache, settle: Duration) {
    assert_eq!(get(cache, "nothing", 0).await, None);
    let both = vec![("one:{a}".to_owned(), entry(1)), ("two:{b}".to_owned(), entry(2))];
    cache.put(both, LONG).await;
    tokio::time::sleep(settle).await;
    let wanted = ["two:{b}", "three:{c}", "one:{a}"].map(|key| (key.to_owned(), 0));
    let found = cache.get(&wanted).await;
    assert_eq!(found, [Some(entry(2)), None, Some(entry(1))], "in the order of the keys");
    let all: Vec<u8> = (0..=255).collect();
    let bytes = Entry { version: 1, value: all.into() };
    cache.put(vec![("bytes".to_owned(), bytes.clone())], LONG).await;
    assert_eq!(get(cache, "bytes", 0).await, Some(bytes));
}

async fn what_is_forgotten_is_gone(cache: &dyn Cache, settle: Duration) {
    for key in ["gone:{a}", "gone:{b}", "stays:{c}"] {
        put(cache, key, 3).await;
    }
    tokio::time::sleep(settle).await;
    cache.forget(&["gone:{a}", "gone:{b}", "never:{d}"].map(str::to_owned)).await;
    tokio::time::sleep(settle).await;
    for (key, found) in [("gone:{a}", None), ("gone:{b}", None), ("stays:{c}", Some(entry(3)))] {
        assert_eq!(get(cache, key, 0).await, found, "{key}");
    }
    put(cache, "gone:{a}", 1).await;
    assert_eq!(get(cache, "gone:{a}", 0).await, Some(entry(1)), "an older one, too");
}

async fn an_older_one_never_takes_the_place_of_a_newer(cache: &dyn Cache, settle: Duration) {
    put(cache, "grows", 5).await;
    tokio::time::sleep(settle).await;
    put(cache, "grows", 4).await;
    tokio::time::sleep(settle).await;
    assert_eq!(get(cache, "grows", 0).await, Some(entry(5)));
    put(cache, "grows", 6).await;
    tokio::time::sleep(settle).await;
    assert_eq!(get(cache, "grows", 6).await, Some(entry(6)));
    let found = get(cache, "grows", 7).await;
    assert!(found.is_none_or(|found| found == entry(6)), "or what there is");
}

async fn many_at_once_leave_the_newest(cache: Arc<dyn Cache>, settle: Duration) {
    let put = |version: u64| {
        let cache = Arc::clone(&cache);
        tokio::spawn(async move { put(&*cache, "crowd", version * 7 % 31).await })
    };
    for task in (0..31).map(put).collect::<Vec<_>>() {
        task.await.unwrap();
    }
    tokio::time::sleep(settle).await;
    assert_eq!(get(&*cache, "crowd", 30).await, Some(entry(30)));
}

async fn what_was_read_before_a_change_is_worth_nothing_after_it(one: &dyn Cache, two: &dyn Cache) {
    let before = one.version("people").await.unwrap();
    assert_eq!(one.version("people").await, Some(before), "it stays while nothing changes");
    put(one, "people", before).await;
    assert!(get(one, "people", before).await.is_some_and(|found| found.version == before));
    assert!(two.raise("people").await);
    let after = one.version("people").await.unwrap();
    // A fill that began before the change ends after it.
    put(one, "people", before).await;
    let found = get(one, "people", after).await;
    assert!(found.is_none_or(|found| found.version < after), "it says how old it is");
    put(one, "people", after).await;
    assert!(get(one, "people", after).await.is_some_and(|found| found.version == after));
}

async fn versions_only_grow(one: Arc<dyn Cache>, two: Arc<dyn Cache>) {
    let mut last = one.version("count").await.unwrap();
    for round in 0..50 {
        let cache = if round % 2 == 0 { &one } else { &two };
        assert!(cache.raise("count").await);
        let now = one.version("count").await.unwrap();
        assert!(now > last, "{now} after {last}");
        last = now;
    }
}

async fn lives_end(cache: &dyn Cache, settle: Duration) {
    let life = Duration::from_millis(150) + settle;
    cache.put(vec![("short".to_owned(), entry(1))], life).await;
    assert_eq!(get(cache, "short", 1).await, Some(entry(1)));
    tokio::time::sleep(life * 2).await;
    assert_eq!(get(cache, "short", 1).await, None);
}
