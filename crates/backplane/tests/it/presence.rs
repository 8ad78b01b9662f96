//! Presence in Redis.

use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use uuid::Uuid;
use zvon_backplane::presence::RedisPresence;
use zvon_core::contract;
use zvon_core::presence::Presence;
use zvon_protocol::ids::UserId;
use zvon_testkit::redis::{Cluster, Server};

use crate::support::{link, until};

const GRACE: Duration = Duration::from_secs(10);

type Pass = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Lets time pass for those in their grace, and for what has been answered.
fn pass(server: &Server, time: Duration) {
    const EARLIER: &str = "for _, k in ipairs(redis.call('KEYS', 'pres:*:g*')) do \
        for _, m in ipairs(redis.call('ZRANGE', k, 0, -1)) do \
        redis.call('ZINCRBY', k, -ARGV[1], m) end end return 'OK'";
    assert_eq!(server.cli(&["EVAL", EARLIER, "0", &time.as_millis().to_string()]), "OK");
}

pub async fn presence(url: &str, grace: Duration) -> RedisPresence {
    RedisPresence::new(link(url).await, grace)
}

pub fn user() -> UserId {
    UserId(Uuid::new_v4())
}

pub fn fields(server: &Server, user: UserId) -> String {
    let bucket = user.0.as_bytes()[15] % 32;
    server.cli(&["HGETALL", &format!("pres:{{b{bucket}}}:u:{user}")])
}

pub async fn is_online(presence: &RedisPresence, user: UserId) -> bool {
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
    suite(move || {
        nodes.iter().for_each(|node| assert_eq!(node.cli(&["FLUSHALL"]), "OK"));
        (url.clone(), Arc::clone(&nodes))
    });
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
async fn a_transition_that_did_not_arrive_is_told_by_another() {
    let server = Server::start();
    let (one, two) = (presence(&server.url(), GRACE).await, presence(&server.url(), GRACE).await);
    let ann = user();
    one.up(ann, "a").await.unwrap();
    one.down(ann, "a").await.unwrap();
    pass(&server, GRACE);
    let told = one.sweep().await.unwrap();
    assert_eq!(told.len(), 1);
    drop(one);
    assert!(two.sweep().await.unwrap().is_empty(), "not at once");
    pass(&server, Duration::from_secs(5));
    let again = two.sweep().await.unwrap();
    assert_eq!(
        again.iter().map(|t| (t.user, t.version)).collect::<Vec<_>>(),
        [(ann, told[0].version)]
    );
    assert!(two.sweep().await.unwrap().is_empty());
    pass(&server, Duration::from_secs(5));
    assert!(two.sweep().await.unwrap().is_empty(), "it arrived");
}
