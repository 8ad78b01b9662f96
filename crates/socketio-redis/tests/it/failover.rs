//! Sentinels name another Redis.

use std::time::{Duration, Instant};

use zvon_socketio_redis::Config;

use crate::support::{Node, Redis, event, soon};

/// Waits until an answer holds a text. Sentinels look around every ten seconds only.
async fn until_says(redis: &Redis, command: &[&str], text: &str) {
    let saying = async {
        while !redis.says(command, text).await {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), saying).await.expect("it should have said so");
}

#[tokio::test]
async fn nodes_follow_the_primary() {
    let mut primary = Redis::start();
    let replica = primary.replica();
    until_says(&primary, &["INFO", "replication"], "state=online").await;
    let sentinel = primary.sentinel();
    let replicas = ["SENTINEL", "REPLICAS", "chat"];
    until_says(&sentinel, &replicas, &replica.port.to_string()).await;
    let config = || Config { sentinel: Some("chat".to_owned()), ..Config::new(sentinel.url()) };
    let (one, other) = (Node::start(config()).await, Node::start(config()).await);
    let mut there = other.client_in(&["red"]).await;
    one.namespace.to("red").emit(&event("before", 1));
    assert_eq!(there.next().await, r#"42["before",1]"#);
    let gone = Instant::now();
    primary.kill();
    until_says(&replica, &["ROLE"], "master").await;
    let promoted = gone.elapsed();
    until_says(&replica, &["PUBSUB", "SHARDNUMSUB", "socket.io#/#"], "2").await;
    soon(one.adapter.subscribed()).await;
    soon(other.adapter.subscribed()).await;
    println!("promoted after {promoted:?}, subscribed after {:?}", gone.elapsed());
    one.namespace.to("red").emit(&event("after", 2));
    assert_eq!(there.next().await, r#"42["after",2]"#);
}

#[tokio::test]
async fn nodes_leave_a_primary_that_is_well_when_another_is_named() {
    let (former, next) = (Redis::start(), Redis::start());
    let sentinel = former.sentinel();
    let config = || Config { sentinel: Some("chat".to_owned()), ..Config::new(sentinel.url()) };
    let (one, other) = (Node::start(config()).await, Node::start(config()).await);
    let mut there = other.client_in(&["red"]).await;
    one.namespace.to("red").emit(&event("before", 1));
    assert_eq!(there.next().await, r#"42["before",1]"#);
    // As after a split: who was cut off does not know yet that it is none any more.
    let port = next.port.to_string();
    assert!(sentinel.says(&["SENTINEL", "REMOVE", "chat"], "ok").await);
    assert!(sentinel.says(&["SENTINEL", "MONITOR", "chat", "127.0.0.1", &port, "1"], "ok").await);
    let named = Instant::now();
    until_says(&next, &["PUBSUB", "SHARDNUMSUB", "socket.io#/#"], "2").await;
    soon(other.adapter.subscribed()).await;
    let took = named.elapsed();
    println!("subscribed {took:?} after it was named");
    assert!(took < Duration::from_secs(3), "{took:?}");
    one.namespace.to("red").emit(&event("after", 2));
    assert_eq!(there.next().await, r#"42["after",2]"#);
    assert!(former.channels().await.is_empty(), "nobody is left there");
    assert_eq!(one.adapter.peers("/").await.expect("a number"), 1);
}
