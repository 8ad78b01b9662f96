//! Leases.

use std::sync::Arc;
use std::time::Duration;

use uuid::Uuid;
use zvon_backplane::lease::{MemoryLeases, RedisLeases};
use zvon_core::contract;
use zvon_core::lease::Leases;
use zvon_testkit::redis::{Cluster, Server};

use crate::support::link;

async fn suite(url: &str, empty: impl Fn()) {
    let leases = Arc::new(RedisLeases::new(link(url).await));
    contract::lease::run(|| {
        empty();
        Arc::clone(&leases) as _
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn leases_in_memory() {
    contract::lease::run(|| Arc::new(MemoryLeases::default())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn leases_on_one_server() {
    let server = Server::start();
    suite(&server.url(), || assert_eq!(server.cli(&["FLUSHALL"]), "OK")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn leases_in_a_cluster() {
    let mut cluster = Cluster::start();
    let url = cluster.url();
    let nodes = cluster.nodes();
    suite(&url, || nodes.iter().for_each(|node| assert_eq!(node.cli(&["FLUSHALL"]), "OK"))).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_redis_nobody_can_say() {
    let mut server = Server::start();
    let leases = RedisLeases::new(link(&server.url()).await);
    server.kill9();
    let holder = Uuid::new_v4();
    assert!(leases.hold("a", holder, Duration::from_secs(9)).await.is_err());
    leases.release("a", holder).await;
}
