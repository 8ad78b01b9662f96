//! What an operator learns of a Redis.

use std::time::Duration;

use zvon_backplane::redis::inspect::{Parts, inspect};
use zvon_core::clock::SystemClock;
use zvon_core::node::Nodes;
use zvon_testkit::redis::{Cluster, Server};

use crate::support::link;

#[tokio::test(flavor = "multi_thread")]
async fn a_server_is_found_as_it_is() {
    let server = Server::start();
    let found = inspect(server.url().parse().unwrap(), &SystemClock).await.unwrap();
    assert!(found.version.unwrap().starts_with(|first: char| first.is_ascii_digit()));
    assert_eq!(found.mode.as_deref(), Some("standalone"));
    assert_eq!(
        (found.policy.as_deref(), found.most, found.nodes),
        (Some("noeviction"), Some(0), 0)
    );
    assert!(found.ahead.abs() <= found.within + 5, "one machine, one clock");

    server.cli(&["CONFIG", "SET", "maxmemory", "64mb"]);
    server.cli(&["CONFIG", "SET", "maxmemory-policy", "allkeys-lru"]);
    let nodes = zvon_backplane::node::RedisNodes::new(link(&server.url()).await);
    nodes.beat("one", "127.0.0.1:1".parse().unwrap()).await;
    nodes.beat("two", "127.0.0.1:2".parse().unwrap()).await;
    let found = inspect(server.url().parse().unwrap(), &SystemClock).await.unwrap();
    assert_eq!((found.policy.as_deref(), found.most), (Some("allkeys-lru"), Some(64 << 20)));
    assert_eq!(found.nodes, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cluster_is_found_with_its_parts() {
    let mut cluster = Cluster::with_replica();
    let url = cluster.url();
    let look = async || inspect(url.parse().unwrap(), &SystemClock).await.unwrap();
    let found = look().await;
    assert_eq!((found.mode.as_deref(), found.keeps), (Some("cluster"), Some(false)));
    assert_eq!((found.policy.as_deref(), found.most), (Some("noeviction"), Some(0)));
    assert_eq!(found.parts, Some(Parts { masters: 3, alone: 2, missing: 0 }));
    let second = &cluster.nodes()[1];
    second.cli(&["CONFIG", "SET", "maxmemory", "64mb"]);
    second.cli(&["CONFIG", "SET", "maxmemory-policy", "allkeys-lru"]);
    let found = look().await;
    assert_eq!((found.policy.as_deref(), found.most), (Some("allkeys-lru"), Some(64 << 20)));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_its_user_may_not_ask_stays_unknown() {
    let server = Server::start();
    let rights = ["ACL", "SETUSER", "narrow", "on", ">narrow", "-@all", "+hello", "+auth", "+time"];
    server.cli(&rights);
    let url =
        |password: &str| server.url().replace("redis://", &format!("redis://narrow:{password}@"));
    let found = inspect(url("narrow").parse().unwrap(), &SystemClock).await.unwrap();
    assert!(found.version.is_some());
    assert_eq!((found.policy, found.most, found.keeps, found.nodes), (None, None, None, 0));
    let refused = inspect(url("wide").parse().unwrap(), &SystemClock).await.unwrap_err();
    assert!(refused.to_string().contains("WRONGPASS"), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_is_away_is_told_soon() {
    let begun = std::time::Instant::now();
    let free = zvon_testkit::ports::free_port();
    let address = format!("redis://127.0.0.1:{free}").parse().unwrap();
    assert!(inspect(address, &SystemClock).await.is_err());
    assert!(begun.elapsed() < Duration::from_secs(3));
}
