//! Bytes that no node would publish.

use crate::support::{Node, Redis, event, soon, until};

const GARBAGE: [&[u8]; 19] = [
    b"",
    b"\xc0",
    b"\xc1",
    b"\xdf\xff\xff\xff\xff",
    b"\xdd\xff\xff\xff\xff\x91\x91",
    b"\xc6\xff\xff\xff\xff",
    b"{",
    b"{oops",
    b"{}",
    b"{\"type\":3}",
    b"{\"type\":3,\"data\":null,\"uid\":\"x\",\"nsp\":\"/\"}",
    b"{\"type\":3,\"data\":{},\"uid\":\"x\",\"nsp\":\"/\"}",
    b"{\"type\":3,\"data\":{\"packet\":{\"type\":2,\"data\":[\"e\"]}},\"uid\":\"x\",\"nsp\":\"/\"}",
    b"{\"type\":3,\"data\":{\"packet\":{\"type\":2,\"data\":{}},\"opts\":{}},\"uid\":\"x\",\"nsp\":\"/\"}",
    b"{\"type\":3,\"data\":{\"packet\":{\"type\":2,\"data\":[null]},\"opts\":{}},\"uid\":\"x\",\"nsp\":\"/\"}",
    b"{\"type\":6,\"data\":{\"opts\":{\"rooms\":[null]},\"close\":true},\"uid\":\"x\",\"nsp\":\"/\"}",
    b"{\"type\":6,\"data\":{\"close\":true},\"uid\":\"x\",\"nsp\":\"/\"}",
    b"{\"type\":7,\"data\":{\"opts\":{}},\"uid\":\"x\",\"nsp\":\"/\"}",
    b"{\"type\":\"3\",\"data\":{},\"uid\":\"\xff\",\"nsp\":\"/\"}",
];

#[tokio::test]
async fn garbage_is_counted_and_changes_nothing() {
    let redis = Redis::start();
    let (one, other) = (Node::on(&redis).await, Node::on(&redis).await);
    let mut client = other.client_in(&["red"]).await;
    let channels = redis.channels().await;
    assert_eq!(channels.len(), 4);
    for channel in &channels {
        for payload in GARBAGE {
            redis.publish(channel, payload).await;
        }
    }
    let sent = GARBAGE.len() as u64;
    until(|| other.adapter.stats().received.get() == 3 * sent).await;
    one.namespace.to("red").emit(&event("still", 1));
    assert_eq!(client.next().await, r#"42["still",1]"#, "and nothing before it");
    assert_eq!(other.adapter.stats().garbage.get(), 3 * sent);
}

#[tokio::test]
async fn what_is_unknown_or_for_others_is_passed_over() {
    let redis = Redis::start();
    let node = Node::on(&redis).await;
    let mut client = node.client_in(&["red"]).await;
    let say = |kind: u8, namespace: &str, data: &str| {
        format!(r#"{{"type":{kind},"data":{data},"uid":"x","nsp":"{namespace}"}}"#)
    };
    let to_all = r#"{"packet":{"data":["e",1]},"opts":{}}"#;
    for text in [say(1, "/", "{}"), say(2, "/", "{}"), say(13, "/", "{}"), say(42, "/", "{}")] {
        redis.publish("socket.io#/#", text.as_bytes()).await;
    }
    redis.publish("socket.io#/#", say(3, "/other", to_all).as_bytes()).await;
    // Answers that nobody has asked for.
    let answer = r#"{"requestId":"0123456789abcdef","clientCount":1,"sockets":[]}"#;
    for kind in [8, 10, 11, 12] {
        redis.publish("socket.io#/#", say(kind, "/", answer).as_bytes()).await;
    }
    let numbers = r#"{"packet":{"data":["e",2]},"opts":{"rooms":[7],"flags":{"timeout":-1}}}"#;
    redis.publish("socket.io#/#", say(3, "/", numbers).as_bytes()).await;
    redis.publish("socket.io#/#red#", say(3, "/", to_all).as_bytes()).await;
    assert_eq!(client.next().await, r#"42["e",1]"#, "the message decides, not the channel");
    assert_eq!(node.adapter.stats().unknown.get(), 4);
    assert_eq!(node.adapter.stats().garbage.get(), 0);
}

#[tokio::test]
async fn a_number_is_a_rooms_name_too() {
    let redis = Redis::start();
    let node = Node::on(&redis).await;
    let mut client = node.client_in(&["7"]).await;
    let text = r#"{"type":3,"data":{"packet":{"type":2,"data":[5]},"opts":{"rooms":[7],"except":[],"flags":{}}},"uid":"x","nsp":"/"}"#;
    soon(redis.publish("socket.io#/#7#", text.as_bytes())).await;
    assert_eq!(client.next().await, "42[5]");
}
