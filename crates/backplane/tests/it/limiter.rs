//! Rate limits in Redis.

use std::sync::Arc;
use std::time::{Duration, Instant};

use zvon_backplane::limiter::RedisLimiter;
use zvon_backplane::node::Alone;
use zvon_core::contract;
use zvon_core::limiter::{Decision, Limiter, Window};
use zvon_testkit::redis::{Cluster, Sentinel, Server};

use crate::support::{link, until};

async fn limiter(url: &str) -> Arc<RedisLimiter> {
    Arc::new(RedisLimiter::new(link(url).await, Arc::new(Alone)))
}

/// The suite, each case with keys of its own.
async fn suite(url: &str, empty: impl Fn()) {
    let limiter = limiter(url).await;
    contract::limiter::run(|| {
        empty();
        Arc::clone(&limiter) as _
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn limits_on_one_server() {
    let server = Server::start();
    suite(&server.url(), || assert_eq!(server.cli(&["FLUSHALL"]), "OK")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn limits_in_a_cluster() {
    let mut cluster = Cluster::start();
    let url = cluster.url();
    let nodes = cluster.nodes();
    suite(&url, || nodes.iter().for_each(|node| assert_eq!(node.cli(&["FLUSHALL"]), "OK"))).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_nodes_count_together_and_keys_die_with_their_window() {
    let server = Server::start();
    let (one, two) = (limiter(&server.url()).await, limiter(&server.url()).await);
    let window = Window { limit: 10, length: Duration::from_millis(700) };
    let mut allowed = 0;
    for _ in 0..15 {
        for limiter in [&one, &two] {
            let decision = limiter.check("ann", "message", window).await;
            allowed += u32::from(matches!(decision, Decision::Allowed { .. }));
        }
    }
    assert_eq!(allowed, 10);
    assert_eq!(server.cli(&["KEYS", "*"]), "rate:{ann}:message");
    until(Duration::from_secs(2), "the key is gone", async || server.cli(&["DBSIZE"]) == "0").await;
    assert_eq!(server.cli(&["SCRIPT", "FLUSH"]), "OK");
    assert!(matches!(one.check("ann", "message", window).await, Decision::Allowed { .. }));
    assert_eq!(server.cli(&["DBSIZE"]), "1", "a script that was forgotten is loaded again");
}

/// What is counted while Redis is away, is counted here; nobody waits long.
async fn counts_alone(limiter: &RedisLimiter, subject: &str) {
    let window = Window { limit: 3, length: Duration::from_secs(60) };
    let (mut allowed, start) = (0, Instant::now());
    for _ in 0..40 {
        let begun = Instant::now();
        let decision = limiter.check(subject, "message", window).await;
        allowed += u32::from(matches!(decision, Decision::Allowed { .. }));
        assert!(begun.elapsed() < Duration::from_millis(400), "{:?}", begun.elapsed());
    }
    assert_eq!(allowed, 3);
    assert!(start.elapsed() < Duration::from_secs(2), "the breaker opens: {:?}", start.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redis_that_is_away_costs_little_and_comes_back_by_itself() {
    let mut server = Server::start();
    let link = link(&server.url()).await;
    let limiter = RedisLimiter::new(Arc::clone(&link), Arc::new(Alone));
    let window = Window { limit: 100, length: Duration::from_secs(60) };
    let shared = async || {
        limiter.check("back", "message", window).await;
        server.cli(&["EXISTS", "rate:{back}:message"]) == "1"
    };
    assert!(shared().await);
    server.pause();
    counts_alone(&limiter, "paused").await;
    until(Duration::from_secs(2), "noticed", async || !link.health().up).await;
    server.resume();
    let back = until(Duration::from_secs(4), "back after a pause", async || link.health().up).await;
    println!("back {back:?} after a pause");
    server.kill9();
    counts_alone(&limiter, "killed").await;
    server.restart();
    let back = until(Duration::from_secs(4), "back after a restart", async || {
        limiter.check("back", "message", window).await;
        server.cli(&["EXISTS", "rate:{back}:message"]) == "1"
    });
    println!("back {:?} after a restart", back.await);
}

/// How many of so many calls of somebody are allowed.
async fn allowed(limiter: &RedisLimiter, subject: &str, window: Window, calls: u32) -> u32 {
    let mut allowed = 0;
    for _ in 0..calls {
        let decision = limiter.check(subject, "message", window).await;
        allowed += u32::from(matches!(decision, Decision::Allowed { .. }));
    }
    allowed
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_node_allowed_by_itself_counts_when_redis_is_back() {
    let mut server = Server::start();
    let one = limiter(&server.url()).await;
    let window = Window { limit: 5, length: Duration::from_secs(60) };
    server.kill9();
    assert_eq!(allowed(&one, "ann", window, 3).await, 3);
    server.restart();
    let counted = || server.cli(&["LLEN", "rate:{ann}:message"]);
    until(Duration::from_secs(4), "it is told", async || counted() == "3").await;
    let other = limiter(&server.url()).await;
    assert_eq!(allowed(&other, "ann", window, 10).await, 2);
    assert_eq!(counted(), "5");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_master_that_takes_no_writes_still_knows_what_it_counted() {
    let server = Server::start();
    let limiter = limiter(&server.url()).await;
    let takes_writes = |takes: bool| {
        let replicas = if takes { "0" } else { "1" };
        assert_eq!(server.cli(&["CONFIG", "SET", "min-replicas-to-write", replicas]), "OK");
    };
    let window = Window { limit: 9, length: Duration::from_secs(60) };
    assert_eq!(allowed(&limiter, "ann", window, 5).await, 5);
    takes_writes(false);
    assert_eq!(allowed(&limiter, "ann", window, 10).await, 4);
    let counted = || server.cli(&["LLEN", "rate:{ann}:message"]);
    assert_eq!(counted(), "5");
    takes_writes(true);
    until(Duration::from_secs(4), "it is told", async || counted() == "9").await;
    assert_eq!(allowed(&limiter, "ann", window, 10).await, 0);
    // Some of what it knows may be over; it cannot take that out.
    let window = Window { limit: 3, length: Duration::from_secs(1) };
    assert_eq!(allowed(&limiter, "bob", window, 1).await, 1);
    tokio::time::sleep(Duration::from_millis(600)).await;
    assert_eq!(allowed(&limiter, "bob", window, 1).await, 1);
    tokio::time::sleep(Duration::from_millis(500)).await;
    takes_writes(false);
    assert_eq!(allowed(&limiter, "bob", window, 10).await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failover_is_followed() {
    let mut sentinel = Sentinel::start();
    let limiter = limiter(&sentinel.url()).await;
    let window = Window { limit: 100, length: Duration::from_secs(60) };
    limiter.check("ann", "message", window).await;
    sentinel.replica().wait_for(|replica| replica.cli(&["LLEN", "rate:{ann}:message"]) == "1");
    sentinel.master().kill9();
    let replica = sentinel.replica();
    let took = until(Duration::from_secs(8), "counted by the new master", async || {
        limiter.check("ann", "message", window).await;
        replica.cli(&["LLEN", "rate:{ann}:message"]).parse::<u32>().is_ok_and(|count| count > 1)
    });
    println!("failover in {:?}", took.await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_part_of_a_cluster_that_dies_is_found_again() {
    let mut cluster = Cluster::start();
    let limiter = limiter(&cluster.url()).await;
    let window = Window { limit: 100, length: Duration::from_secs(60) };
    cluster.nodes()[0].kill9();
    for subject in 0..200 {
        let begun = Instant::now();
        limiter.check(&subject.to_string(), "message", window).await;
        assert!(begun.elapsed() < Duration::from_millis(400), "{:?}", begun.elapsed());
    }
    let before = cluster.nodes()[1].cli(&["DBSIZE"]);
    for subject in 200..300 {
        limiter.check(&subject.to_string(), "message", window).await;
    }
    assert_ne!(cluster.nodes()[1].cli(&["DBSIZE"]), before, "the others go on");
    cluster.nodes()[0].restart();
    let nodes = cluster.nodes();
    // Among two hundred subjects each of three servers has some.
    let took = until(Duration::from_secs(8), "counted on all servers", async || {
        for subject in 0..200 {
            limiter.check(&subject.to_string(), "message", window).await;
        }
        nodes.iter().all(|node| node.cli(&["DBSIZE"]) != "0")
    });
    println!("a part of a cluster is back after {:?}", took.await);
}
