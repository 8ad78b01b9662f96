//! The registry of nodes in Redis.

use std::sync::Arc;
use std::time::{Duration, Instant};

use zvon_backplane::node::RedisNodes;
use zvon_core::contract;
use zvon_core::node::Nodes;
use zvon_testkit::redis::{Cluster, Sentinel, Server};

use crate::support::{link, until};

async fn view(url: &str) -> Arc<RedisNodes> {
    Arc::new(RedisNodes::new(link(url).await))
}

async fn suite(url: &str, empty: impl Fn()) {
    contract::node::run(async || {
        empty();
        (view(url).await as _, view(url).await as _)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_registry_on_one_server() {
    let server = Server::start();
    suite(&server.url(), || assert_eq!(server.cli(&["FLUSHALL"]), "OK")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_registry_in_a_cluster() {
    let mut cluster = Cluster::start();
    let url = cluster.url();
    let nodes = cluster.nodes();
    suite(&url, || nodes.iter().for_each(|node| assert_eq!(node.cli(&["FLUSHALL"]), "OK"))).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_known_stays_known_while_redis_is_away() {
    let server = Server::start();
    let (one, two) = (view(&server.url()).await, view(&server.url()).await);
    let address = ([127, 0, 0, 1], 80).into();
    two.beat("two", address).await;
    assert_eq!(one.address("two").await, Some(address));
    server.pause();
    tokio::time::sleep(Duration::from_millis(1100)).await;
    let start = Instant::now();
    assert_eq!(one.address("two").await, Some(address));
    assert_eq!(one.address("nobody").await, None);
    one.beat("one", address).await;
    assert!(start.elapsed() < Duration::from_millis(900), "{:?}", start.elapsed());
    server.resume();
    until(Duration::from_secs(5), "entered again", async || {
        one.beat("one", address).await;
        two.address("one").await == Some(address)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failover_loses_no_node() {
    let mut sentinel = Sentinel::start();
    let (one, two) = (view(&sentinel.url()).await, view(&sentinel.url()).await);
    let address = ([127, 0, 0, 1], 80).into();
    one.beat("one", address).await;
    sentinel.master().kill9();
    let took = until(Duration::from_secs(8), "found by the new master", async || {
        one.beat("one", address).await;
        two.address("one").await == Some(address)
    });
    println!("registry {:?} after a failover", took.await);
}
