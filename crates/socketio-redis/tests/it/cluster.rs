//! Two nodes on one Redis.

use bytes::Bytes;
use zvon_socketio::PacketBuilder;
use zvon_socketio_redis::SubscriptionMode;

use crate::support::{Client, Node, Redis, event, soon, until};

async fn two(redis: &Redis) -> (Node, Node) {
    (Node::on(redis).await, Node::on(redis).await)
}

#[tokio::test]
async fn everybody_hears_a_broadcast_once() {
    let redis = Redis::start();
    let (one, other) = two(&redis).await;
    let (mut here, mut there) = (one.client_in(&["red"]).await, other.client_in(&["red"]).await);
    assert_eq!(one.namespace.all().emit(&event("all", 1)), 1);
    one.namespace.to("red").emit(&event("red", 2));
    one.namespace.to("red").to("blue").except("green").emit(&event("both", 3));
    one.namespace.to("red").local().emit(&event("local", 4));
    one.namespace.to("red").except(&there.id).emit(&event("except", 5));
    one.namespace.to(&there.id).emit(&event("you", 6));
    one.namespace.all().volatile().emit(&event("end", 7));
    for text in ["all\",1", "red\",2", "both\",3", "local\",4", "except\",5", "end\",7"] {
        assert_eq!(here.next().await, format!("42[\"{text}]"));
    }
    // Channels are one stream: on one connection they come in the order they were published.
    for text in ["all\",1", "red\",2", "both\",3", "you\",6", "end\",7"] {
        assert_eq!(there.next().await, format!("42[\"{text}]"));
    }
    until(|| one.adapter.stats().echoes.get() == 6).await;
    assert_eq!(other.adapter.stats().echoes.get(), 0);
}

#[tokio::test]
async fn every_mode_reaches_rooms_and_sockets() {
    use SubscriptionMode::{Dynamic, DynamicPrivate, Static};
    let redis = Redis::start();
    for mode in [Static, Dynamic, DynamicPrivate] {
        let (one, other) =
            (Node::with_mode(&redis, mode).await, Node::with_mode(&redis, mode).await);
        let mut there = other.client_in(&["red"]).await;
        one.namespace.to("red").emit(&event("red", 1));
        one.namespace.to(&there.id).emit(&event("you", 2));
        assert_eq!(there.next().await, r#"42["red",1]"#);
        assert_eq!(there.next().await, r#"42["you",2]"#);
        let channels = redis.channels().await;
        let has = |name: &str| channels.contains(&format!("socket.io#/#{name}#"));
        assert_eq!((has("red"), has(&there.id)), (mode != Static, mode == DynamicPrivate));
        one.close().await;
        other.close().await;
        assert!(redis.channels().await.is_empty(), "who goes leaves nothing behind");
    }
}

#[tokio::test]
async fn binary_arrives_as_it_was() {
    let redis = Redis::start();
    let (one, other) = two(&redis).await;
    let mut there = other.client().await;
    let files = [Bytes::from_static(b"\x01\x02"), Bytes::from_static(b"")];
    let packet = PacketBuilder::new("files").binary(files[0].clone()).arg("ж").expect("a text");
    one.namespace.all().emit(&packet.binary(files[1].clone()).build());
    let text = r#"452-["files",{"_placeholder":true,"num":0},"ж",{"_placeholder":true,"num":1}]"#;
    assert_eq!(there.next().await, text);
    assert_eq!((there.next().await.as_str(), there.next().await.as_str()), ("0102", ""));
}

#[tokio::test]
async fn sockets_elsewhere_join_leave_and_are_disconnected() {
    let redis = Redis::start();
    let (one, other) = two(&redis).await;
    let mut there = other.client_in(&["red"]).await;
    one.namespace.to("red").join("blue");
    until(|| other.namespace.room_len("blue") == 1).await;
    soon(other.adapter.subscribed()).await;
    one.namespace.to("blue").emit(&event("blue", 1));
    assert_eq!(there.next().await, r#"42["blue",1]"#);
    one.namespace.to("blue").leave("red");
    until(|| other.namespace.room_len("red") == 0).await;
    one.namespace.to("red").disconnect(false);
    one.namespace.to("blue").disconnect(true);
    assert_eq!(there.next().await, "41");
    assert_eq!(there.next().await, "", "and its connection is closed");
}

#[tokio::test]
async fn rooms_are_subscribed_while_somebody_is_in_them() {
    let redis = Redis::start();
    let node = Node::on(&redis).await;
    let mut clients = Vec::new();
    for _ in 0..20 {
        clients.push(node.client().await);
    }
    let socket = |client: &Client| node.namespace.get(&client.id).expect("its socket");
    let sockets: Vec<_> = clients.iter().map(socket).collect();
    assert_eq!(redis.channels().await.len(), 2, "all nodes' and its own");
    let rooms: Vec<String> = (0..20_000).map(|number| format!("room:{number}")).collect();
    let started = std::time::Instant::now();
    for (socket, rooms) in sockets.iter().zip(rooms.chunks(1000)) {
        rooms.iter().for_each(|room| socket.join(room));
    }
    let joined = started.elapsed();
    soon(node.adapter.subscribed()).await;
    println!("20 000 rooms: joined in {joined:?}, subscribed in {:?}", started.elapsed());
    assert_eq!(redis.channels().await.len(), 20_002);
    assert_eq!(node.adapter.stats().subscriptions.get(), 20_002);
    drop(clients);
    until(|| node.namespace.is_empty()).await;
    soon(node.adapter.subscribed()).await;
    assert_eq!(redis.channels().await.len(), 2);
    assert_eq!(node.adapter.stats().astray.get(), 0);
}
