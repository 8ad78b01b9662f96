//! Presence when Redis loses something.

use std::time::{Duration, Instant};

use zvon_core::presence::{Presence, Transition};
use zvon_protocol::ids::UserId;
use zvon_testkit::redis::{Cluster, Sentinel, Server};

use crate::presence::{fields, is_online, presence, user};
use crate::support::until;

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

#[tokio::test(flavor = "multi_thread")]
async fn a_frozen_redis_holds_nobody_up() {
    let server = Server::start();
    let presence = presence(&server.url(), Duration::from_millis(200)).await;
    let (stays, goes, comes) = (user(), user(), user());
    for user in [stays, goes] {
        presence.up(user, "a").await.unwrap();
    }
    server.pause();
    let frozen = Instant::now();
    presence.down(goes, "a").await.unwrap();
    assert_eq!(presence.up(comes, "a").await.unwrap(), None);
    while frozen.elapsed() < Duration::from_secs(3) {
        let begun = Instant::now();
        assert!(presence.sweep().await.unwrap().is_empty());
        assert!(is_online(&presence, stays).await && is_online(&presence, comes).await);
        assert!(begun.elapsed() < Duration::from_millis(800), "{:?}", begun.elapsed());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    server.resume();
    let mut told = Vec::new();
    let resumed = Instant::now();
    while told.len() < 2 {
        assert!(resumed.elapsed() < Duration::from_secs(12), "{told:?}");
        let heard = presence.sweep().await.unwrap();
        told.extend(heard.into_iter().map(|told| (told.user, told.online)));
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    told.sort_by_key(|(_, online)| !online);
    assert_eq!(told, [(comes, true), (goes, false)]);
    println!("all was told {:?} after the pause", resumed.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_nobody_has_does_not_stay() {
    let server = Server::start();
    let presence = presence(&server.url(), Duration::from_millis(500)).await;
    let (ann, ghost) = (user(), user());
    presence.up(ann, "a").await.unwrap();
    let leases = || server.cli(&["ZRANGE", "pres:{nodes}:leases", "0", "-1"]);
    until(Duration::from_secs(5), "a lease", async || !leases().is_empty()).await;
    let incarnation = leases();
    let bucket = ghost.0.as_bytes()[15] % 32;
    let key = |rest: String| format!("pres:{{b{bucket}}}:{rest}");
    let field = format!("{incarnation}|z");
    server.cli(&["HSET", &key(format!("u:{ghost}")), "s", "1", "v", "1", &field, "1"]);
    server.cli(&["SADD", &key(format!("n:{incarnation}")), &format!("{ghost} z")]);
    assert!(is_online(&presence, ghost).await);
    let took = until(Duration::from_secs(10), "the ghost is gone", async || {
        presence.sweep().await.unwrap().iter().any(|told| told.user == ghost && !told.online)
    });
    println!("a ghost is gone after {:?}", took.await);
    assert!(is_online(&presence, ann).await, "who is there stays");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_frozen_part_of_a_cluster_stops_only_its_own() {
    let mut cluster = Cluster::start();
    let presence = presence(&cluster.url(), Duration::from_millis(100)).await;
    cluster.nodes()[2].pause();
    let users: Vec<UserId> = (0..64).map(|_| user()).collect();
    for user in &users {
        presence.up(*user, "a").await.unwrap();
    }
    cluster.nodes()[2].resume();
    // Whoever could not be told at the time is told now; nobody is forgotten.
    let nodes = cluster.nodes();
    let there = |user: &UserId| nodes.iter().any(|node| fields(node, *user).contains('|'));
    until(Duration::from_secs(10), "all are told", async || users.iter().all(there)).await;
}
