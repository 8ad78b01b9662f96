//! Nodes that ask each other.

use std::sync::Arc;
use std::time::Duration;

use zvon_socketio::Target;
use zvon_socketio_redis::{AskError, Config, ServerEvent};

use crate::support::{Node, Redis, event};

const SOON: Duration = Duration::from_secs(5);

fn room(name: &str) -> Target {
    Target { rooms: vec![name.to_owned()], ..Target::default() }
}

#[tokio::test]
async fn sockets_of_all_nodes_are_told() {
    let redis = Redis::start();
    let one = Node::on(&redis).await;
    let everybody = Target::default();
    assert_eq!(one.adapter.fetch_sockets("/", &everybody, SOON).await.expect("alone").len(), 0);
    let describe = Arc::new(|_: &zvon_socketio::Socket| serde_json::json!({ "user": 7 }));
    let config = Config { describe: Some(describe), ..Config::new(redis.url()) };
    let (other, third) = (Node::start(config).await, Node::on(&redis).await);
    let (red, _blue) = (other.client_in(&["red"]).await, third.client_in(&["blue"]).await);
    assert_eq!(one.adapter.peers("/").await.expect("a number"), 2);
    assert_eq!(one.adapter.fetch_sockets("/", &everybody, SOON).await.expect("all").len(), 2);
    let found = one.adapter.fetch_sockets("/", &room("red"), SOON).await.expect("one");
    assert_eq!(found.len(), 1);
    assert_eq!((&found[0].id, &found[0].rooms), (&red.id, &vec![red.id.clone(), "red".into()]));
    assert_eq!(found[0].data.as_ref().map(|data| data.get()), Some(r#"{"user":7}"#));
    let handshake = found[0].handshake.as_ref().expect("a handshake").get();
    let handshake: serde_json::Value = serde_json::from_str(handshake).expect("JSON");
    assert_eq!(handshake["query"]["transport"], "websocket");
    assert_eq!(handshake["headers"]["upgrade"], "websocket");
}

#[tokio::test]
async fn clients_of_all_nodes_answer() {
    let redis = Redis::start();
    let (one, other) = (Node::on(&redis).await, Node::on(&redis).await);
    let (mut here, mut there) = (one.client_in(&["red"]).await, other.client_in(&["red"]).await);
    let answering = tokio::spawn(async move {
        assert_eq!(here.next().await, r#"420["q",1]"#);
        here.send("430[1]").await;
        assert_eq!(there.next().await, r#"420["q",1]"#);
        there.send("430[2,3]").await;
        (here, there)
    });
    let packet = event("q", 1);
    let answers = one.adapter.emit_with_ack("/", &room("red"), &packet, SOON).await;
    let mut answers: Vec<u64> =
        answers.expect("both").iter().map(|args| args.get(0).expect("a number")).collect();
    answers.sort_unstable();
    assert_eq!(answers, [1, 2]);
    let _clients = answering.await.expect("they have answered");
    let nobody = one.adapter.emit_with_ack("/", &room("blue"), &packet, SOON).await;
    assert!(nobody.expect("nobody is asked").is_empty());
    let late = Duration::from_millis(200);
    let silent = one.adapter.emit_with_ack("/", &room("red"), &packet, late).await;
    assert!(matches!(silent, Err(AskError::Timeout(_))));
}

#[tokio::test]
async fn servers_speak_to_each_other() {
    let redis = Redis::start();
    let (one, other) = (Node::on(&redis).await, Node::on(&redis).await);
    let (sender, mut heard) = tokio::sync::mpsc::unbounded_channel();
    let listener = move |said: ServerEvent| {
        if let Some(reply) = said.reply {
            reply.send(&said.args.get::<u64>(0).expect("a number")).expect("it can be encoded");
        }
        let _ = sender.send(said.name);
    };
    assert!(other.adapter.listen("/", Arc::new(listener)));
    assert!(one.adapter.server_side_emit("/", &event("ping", 1)));
    assert_eq!(heard.recv().await.as_deref(), Some("ping"));
    let answers = one.adapter.server_side_ask("/", &event("ask", 41), SOON).await.expect("one");
    assert_eq!(answers.len(), 1);
    assert_eq!(answers[0].get::<u64>(0).expect("a number"), 41);
    // Who has no listener is silent.
    let late = Duration::from_millis(200);
    let silent = other.adapter.server_side_ask("/", &event("ask", 41), late).await;
    assert!(matches!(silent, Err(AskError::Timeout(1))));
    assert!(!one.adapter.server_side_emit("/nowhere", &event("ping", 1)));
}
