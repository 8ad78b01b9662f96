//! The cache: memory, Redis, memory in front of Redis.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use zvon_backplane::cache::{MemoryCache, NearCache, RedisCache, Seal};
use zvon_core::cache::{Cache, Entry};
use zvon_core::contract;
use zvon_testkit::redis::{Cluster, Sentinel, Server};

use crate::support::{link, until};

const BYTES: usize = 1 << 20;
const LIFE: Duration = Duration::from_secs(60);

async fn shared(url: &str) -> Arc<dyn Cache> {
    Arc::new(RedisCache::new(link(url).await, Seal::new("epoch", b"key")))
}

async fn near(url: &str) -> Arc<dyn Cache> {
    Arc::new(NearCache::new(BYTES, shared(url).await))
}

fn entry(version: u64) -> Entry {
    Entry { version, value: vec![u8::try_from(version).unwrap(); 9].into() }
}

async fn get(cache: &dyn Cache, key: &str, least: u64) -> Option<Entry> {
    cache.get(&[(key.to_owned(), least)]).await.pop().flatten()
}

async fn put(cache: &dyn Cache, key: &str, version: u64) {
    cache.put(vec![(key.to_owned(), entry(version))], LIFE).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn memory() {
    let cache: Arc<dyn Cache> = Arc::new(MemoryCache::of(BYTES));
    contract::cache::run(|| Arc::clone(&cache), Duration::ZERO).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn redis_on_one_server() {
    let server = Server::start();
    let (one, two) = (shared(&server.url()).await, shared(&server.url()).await);
    let turn = AtomicUsize::new(0);
    let make = || [&one, &two][turn.fetch_add(1, Ordering::Relaxed) % 2].clone();
    contract::cache::run(make, Duration::ZERO).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn redis_in_a_cluster() {
    let cluster = Cluster::start();
    let cache = shared(&cluster.url()).await;
    contract::cache::run(|| Arc::clone(&cache), Duration::ZERO).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn memory_in_front_of_redis() {
    let server = Server::start();
    let (one, two) = (near(&server.url()).await, near(&server.url()).await);
    let turn = AtomicUsize::new(0);
    let make = || [&one, &two][turn.fetch_add(1, Ordering::Relaxed) % 2].clone();
    contract::cache::run(make, Duration::from_millis(200)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_node_kept_another_finds_and_what_is_near_asks_nobody() {
    let mut server = Server::start();
    let (one, two) = (near(&server.url()).await, near(&server.url()).await);
    put(&*one, "a", 3).await;
    until(Duration::from_secs(2), "it is shared", async || {
        get(&*two, "a", 3).await == Some(entry(3))
    })
    .await;
    server.kill9();
    for cache in [&one, &two] {
        assert_eq!(get(&**cache, "a", 3).await, Some(entry(3)), "without Redis");
    }
    let begun = Instant::now();
    assert_eq!(get(&*one, "a", 4).await, Some(entry(3)), "it says how old it is");
    assert_eq!(one.version("people").await, None, "nobody knows");
    assert!(!one.raise("people").await);
    assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());
    server.restart();
    let two_knew =
        until(Duration::from_secs(5), "back", async || two.version("people").await.is_some());
    two_knew.await;
    let before = two.version("people").await.unwrap();
    until(Duration::from_secs(5), "what was owed is told", async || {
        one.version("people").await.is_some_and(|version| version > before)
    })
    .await;
    assert!(two.version("people").await.unwrap() > before);
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_flush_versions_go_on_and_values_are_gone() {
    let server = Server::start();
    let cache = shared(&server.url()).await;
    let before = cache.version("people").await.unwrap();
    put(&*cache, "people", 9).await;
    assert_eq!(server.cli(&["FLUSHALL"]), "OK");
    assert_eq!(get(&*cache, "people", 0).await, None);
    assert!(cache.version("people").await.unwrap() > before);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_writes_to_redis_without_the_key_is_not_believed() {
    let server = Server::start();
    let cache = shared(&server.url()).await;
    put(&*cache, "a", 1).await;
    assert_eq!(get(&*cache, "a", 1).await, Some(entry(1)));
    server.cli(&["HSET", "a", "v", "2"]);
    assert_eq!(get(&*cache, "a", 1).await, None, "another version");
    server.cli(&["HSET", "a", "v", "1", "b", "0123456789abcdefforged"]);
    assert_eq!(get(&*cache, "a", 1).await, None, "another value");
    let stranger = RedisCache::new(link(&server.url()).await, Seal::new("epoch", b"guess"));
    put(&stranger, "b", 1).await;
    assert_eq!(get(&*cache, "b", 1).await, None, "another key");
    let restored = RedisCache::new(link(&server.url()).await, Seal::new("restored", b"key"));
    put(&*cache, "c", 9).await;
    assert_eq!(get(&restored, "c", 0).await, None, "another log");
    put(&restored, "c", 2).await;
    assert_eq!(get(&restored, "c", 0).await, Some(entry(2)), "its places begin anew");
    assert!(server.cli(&["PTTL", "c"]).parse::<u64>().unwrap() <= 60_000, "everything ends");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_frozen_redis_costs_little_and_a_failover_is_followed() {
    let mut sentinel = Sentinel::start();
    let cache = near(&sentinel.url()).await;
    sentinel.master().pause();
    let begun = Instant::now();
    for index in 0..40 {
        assert_eq!(get(&*cache, &index.to_string(), 0).await, None);
        put(&*cache, &index.to_string(), index).await;
    }
    assert!(begun.elapsed() < Duration::from_secs(2), "the breaker opens: {:?}", begun.elapsed());
    for index in 0..40 {
        assert_eq!(get(&*cache, &index.to_string(), index).await, Some(entry(index)), "near");
    }
    sentinel.master().kill9();
    until(Duration::from_secs(10), "the new master is asked", async || {
        cache.version("people").await.is_some()
    })
    .await;
}
