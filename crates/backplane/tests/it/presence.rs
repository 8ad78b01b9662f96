//! Presence in Redis.

use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use uuid::Uuid;
use zvon_backplane::presence::RedisPresence;
use zvon_core::contract;
use zvon_core::presence::{Presence, Transition};
use zvon_protocol::ids::UserId;
use zvon_testkit::redis::{Cluster, Sentinel, Server};

use crate::support::{link, until};

const GRACE: Duration = Duration::from_secs(10);

type Pass = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Lets time pass for those in their grace.
fn pass(server: &Server, time: Duration) {
    const EARLIER: &str = "for _, k in ipairs(redis.call('KEYS', 'pres:*:grace')) do \
        for _, m in ipairs(redis.call('ZRANGE', k, 0, -1)) do \
        redis.call('ZINCRBY', k, -ARGV[1], m) end end return 'OK'";
    assert_eq!(server.cli(&["EVAL", EARLIER, "0", &time.as_millis().to_string()]), "OK");
}

async fn presence(url: &str, grace: Duration) -> RedisPresence {
    RedisPresence::new(link(url).await, grace)
}

fn user() -> UserId {
    UserId(Uuid::new_v4())
}

fn fields(server: &Server, user: UserId) -> String {
    let bucket = user.0.as_bytes()[15] % 32;
    server.cli(&["HGETALL", &format!("pres:{{b{bucket}}}:u:{user}")])
}

async fn is_online(presence: &RedisPresence, user: UserId) -> bool {
    presence.states(&[user]).await.unwrap()[0].is_some_and(|state| state.online)
}

/// The suite; `make` gives the address of an empty Redis and its servers.
fn suite(make: impl Fn() -> (String, Arc<Vec<Server>>) + Send + 'static) {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let handle = runtime.handle().clone();
    runtime.block_on(contract::presence::run(|| {
        let (url, servers) = make();
        let made = std::thread::scope(|scope| {
            scope.spawn(|| handle.block_on(presence(&url, GRACE))).join().unwrap()
        });
        let pass = move |time| -> Pass {
            servers.iter().for_each(|server| pass(server, time));
            Box::pin(std::future::ready(()))
        };
        (Arc::new(made) as _, Box::new(pass) as _)
    }));
}

#[test]
fn presence_on_one_server() {
    suite(|| {
        let server = Server::start();
        (server.url(), Arc::new(vec![server]))
    });
}

#[test]
fn presence_in_a_cluster() {
    let cluster = Cluster::start();
    let (url, nodes) = (cluster.url(), Arc::new(cluster.into_nodes()));
    suite(move || (url.clone(), Arc::clone(&nodes)));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_dies_is_reaped_and_who_returns_in_time_never_left() {
    let server = Server::start();
    let grace = Duration::from_secs(2);
    let (one, two) = (presence(&server.url(), grace).await, presence(&server.url(), grace).await);
    let (stays, goes) = (user(), user());
    for user in [stays, goes] {
        assert!(one.up(user, "a").await.unwrap().is_some());
    }
    until(Duration::from_secs(5), "a lease", async || {
        server.cli(&["ZCARD", "pres:{nodes}:leases"]) == "2"
    })
    .await;
    // As a process does that is killed.
    drop(one);
    let died = Instant::now();
    assert_eq!(two.up(stays, "b").await.unwrap(), None);
    let gone = loop {
        let gone = two.sweep().await.unwrap();
        if !gone.is_empty() {
            break gone;
        }
        assert!(died.elapsed() < Duration::from_secs(12), "7 of lease, 1 of reaper, 2 of grace");
        tokio::time::sleep(Duration::from_millis(100)).await;
    };
    assert!(died.elapsed() > Duration::from_secs(6), "{:?}", died.elapsed());
    assert!(matches!(gone.as_slice(), [t] if t.user == goes && !t.online));
    assert!(is_online(&two, stays).await && !is_online(&two, goes).await);
    assert_eq!(fields(&server, stays).matches('|').count(), 1, "nothing of the dead is left");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clean_end_gives_the_connections_free_at_once() {
    let server = Server::start();
    let grace = Duration::from_millis(300);
    let (one, two) = (presence(&server.url(), grace).await, presence(&server.url(), grace).await);
    let ann = user();
    one.up(ann, "a").await.unwrap();
    tokio::time::sleep(Duration::from_millis(500)).await;
    one.close().await;
    until(Duration::from_secs(4), "reaped and swept", async || {
        two.sweep().await.unwrap().iter().any(|gone| gone.user == ann)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_draining_node_gives_its_people_longer() {
    let server = Server::start();
    let one = presence(&server.url(), GRACE).await;
    let ann = user();
    one.up(ann, "a").await.unwrap();
    one.draining();
    one.down(ann, "a").await.unwrap();
    pass(&server, Duration::from_secs(28));
    assert!(one.sweep().await.unwrap().is_empty());
    pass(&server, Duration::from_secs(3));
    assert_eq!(one.sweep().await.unwrap().len(), 1);
}

/// Everybody is in Redis again.
async fn all_told(server: &Server, users: &[UserId]) -> Duration {
    until(Duration::from_secs(8), "told again", async || {
        users.iter().all(|user| fields(server, *user).contains('|'))
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_redis_loses_is_told_again_without_anybody_hearing_of_it() {
    let mut server = Server::start();
    let presence = presence(&server.url(), Duration::from_secs(1)).await;
    let users: Vec<UserId> = (0..60).map(|_| user()).collect();
    for user in &users {
        presence.up(*user, "a").await.unwrap();
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(server.cli(&["FLUSHALL"]), "OK");
    for user in &users {
        assert!(is_online(&presence, *user).await, "online while nothing is known");
    }
    println!("told again {:?} after FLUSHALL", all_told(&server, &users).await);
    // One bucket alone, and its index: no lease tells of that.
    let bucket = users[0].0.as_bytes()[15] % 32;
    server.cli(&[
        "EVAL",
        "return redis.call('DEL', unpack(redis.call('KEYS', ARGV[1])))",
        "0",
        &format!("pres:{{b{bucket}}}:*"),
    ]);
    println!("told again {:?} after a part was lost", all_told(&server, &users).await);
    server.kill9();
    // What happens meanwhile is remembered.
    let (comes, goes) = (user(), users[0]);
    assert_eq!(presence.up(comes, "new").await.unwrap(), None);
    presence.down(goes, "a").await.unwrap();
    assert!(is_online(&presence, users[1]).await && is_online(&presence, comes).await);
    assert_eq!(presence.online(100).await.unwrap().len(), 61);
    server.restart();
    println!("told again {:?} after a restart", all_told(&server, &users[1..]).await);
    let mut told: Vec<Transition> = Vec::new();
    let start = Instant::now();
    while told.len() < 2 && start.elapsed() < Duration::from_secs(8) {
        told.extend(presence.sweep().await.unwrap());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    told.sort_by_key(|transition| !transition.online);
    let heard: Vec<_> = told.iter().map(|told| (told.user, told.online)).collect();
    assert_eq!(heard, [(comes, true), (goes, false)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_slept_longer_than_its_lease_begins_anew() {
    let server = Server::start();
    let (one, two) = (presence(&server.url(), GRACE).await, presence(&server.url(), GRACE).await);
    let ann = user();
    one.up(ann, "a").await.unwrap();
    until(Duration::from_secs(5), "a lease", async || {
        server.cli(&["ZCARD", "pres:{nodes}:leases"]) == "2"
    })
    .await;
    let before = fields(&server, ann);
    // All leases are over at once, as if every node had slept.
    const OVER: &str = "for _, m in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do \
        redis.call('ZADD', KEYS[1], 1, m) end return 'OK'";
    assert_eq!(server.cli(&["EVAL", OVER, "1", "pres:{nodes}:leases"]), "OK");
    until(Duration::from_secs(5), "another incarnation", async || {
        let now = fields(&server, ann);
        now != before && now.matches('|').count() == 1
    })
    .await;
    pass(&server, GRACE * 2);
    assert!(one.sweep().await.unwrap().is_empty() && two.sweep().await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failover_is_survived() {
    let mut sentinel = Sentinel::start();
    let presence = presence(&sentinel.url(), Duration::from_secs(1)).await;
    let users: Vec<UserId> = (0..50).map(|_| user()).collect();
    for user in &users {
        presence.up(*user, "a").await.unwrap();
    }
    sentinel.master().kill9();
    let late = user();
    presence.up(late, "a").await.unwrap();
    let all: Vec<UserId> = users.iter().copied().chain([late]).collect();
    println!("presence {:?} after a failover", all_told(sentinel.replica(), &all).await);
    until(Duration::from_secs(3), "the late one is told", async || {
        let told = presence.sweep().await.unwrap();
        assert!(told.iter().all(|told| told.user == late && told.online), "{told:?}");
        !told.is_empty()
    })
    .await;
}
