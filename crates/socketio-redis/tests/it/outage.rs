//! Redis goes away and comes back.

use std::time::{Duration, Instant};

use zvon_socketio_redis::Config;

use crate::support::{Node, Redis, event, soon, until};

#[tokio::test]
async fn nodes_find_each_other_again_within_two_seconds() {
    let mut redis = Redis::start();
    let (one, other) = (Node::on(&redis).await, Node::on(&redis).await);
    let (mut here, mut there) = (one.client_in(&["red"]).await, other.client_in(&["red"]).await);
    redis.kill();
    until(|| one.adapter.stats().connected.get() == 0).await;
    let started = Instant::now();
    assert_eq!(one.namespace.to("red").emit(&event("alone", 1)), 1);
    assert_eq!(here.next().await, r#"42["alone",1]"#);
    assert!(started.elapsed() < Duration::from_millis(500), "nobody here waits for Redis");
    redis.restart();
    let back = Instant::now();
    soon(other.adapter.subscribed()).await;
    soon(one.adapter.subscribed()).await;
    let took = back.elapsed();
    println!("subscribed again after {took:?}");
    assert!(took < Duration::from_secs(2), "{took:?}");
    one.namespace.to("red").emit(&event("back", 2));
    // What was said meanwhile may still come, or may not.
    let heard = there.next().await;
    let heard = if heard.contains("alone") { there.next().await } else { heard };
    assert_eq!(heard, r#"42["back",2]"#);
}

#[tokio::test]
async fn a_node_starts_without_redis() {
    let mut redis = Redis::start();
    redis.kill();
    let node = Node::start_alone(Config::new(redis.url())).await;
    let mut client = node.client().await;
    node.namespace.all().emit(&event("alone", 1));
    assert_eq!(client.next().await, r#"42["alone",1]"#);
    until(|| node.adapter.stats().failed_dials.get() > 0).await;
    redis.restart();
    soon(node.adapter.subscribed()).await;
    assert_eq!(redis.channels().await.len(), 2);
}

#[tokio::test]
async fn what_waits_for_redis_is_bounded() {
    let mut redis = Redis::start();
    let config = Config { max_queue_bytes: 10_000, ..Config::new(redis.url()) };
    let (one, other) = (Node::start(config).await, Node::on(&redis).await);
    let mut there = other.client().await;
    redis.kill();
    until(|| one.adapter.stats().connected.get() == 0).await;
    (0..1000).for_each(|number| {
        one.namespace.all().emit(&event("e", number));
    });
    let stats = one.adapter.stats();
    assert!(stats.queued_bytes.get() <= 10_000);
    let dropped = stats.dropped_full.get();
    assert!(dropped > 900, "{dropped}");
    // The listener must be back before the publisher, for this test.
    redis.restart();
    soon(other.adapter.subscribed()).await;
    one.namespace.all().emit(&event("last", 0));
    while there.next().await != r#"42["last",0]"# {}
}

#[tokio::test]
async fn a_frozen_redis_is_noticed() {
    let redis = Redis::start();
    let config = Config {
        timeout: Duration::from_millis(200),
        check_interval: Duration::from_millis(100),
        ..Config::new(redis.url())
    };
    let node = Node::start(config).await;
    redis.signal("STOP");
    until(|| node.adapter.stats().connected.get() == 0).await;
    redis.signal("CONT");
    soon(node.adapter.subscribed()).await;
    assert_eq!(redis.channels().await.len(), 2);
}

#[tokio::test]
async fn subscriptions_that_redis_forgot_are_made_again() {
    let redis = Redis::start();
    let config = Config { check_interval: Duration::from_millis(100), ..Config::new(redis.url()) };
    let node = Node::start(config).await;
    let dials = node.adapter.stats().dials.get();
    let mut connection = redis.connection().await;
    let mut kill = redis::cmd("CLIENT");
    kill.arg("KILL").arg("TYPE").arg("pubsub");
    let killed: usize = kill.query_async(&mut connection).await.expect("it kills");
    assert_eq!(killed, 1, "one connection listens");
    until(|| node.adapter.stats().dials.get() > dials).await;
    soon(node.adapter.subscribed()).await;
    assert_eq!(redis.channels().await.len(), 2);
}
