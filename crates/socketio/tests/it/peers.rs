//! The seam to other nodes.

use std::sync::Arc;

use bytes::Bytes;
use parking_lot::Mutex;
use serde_json::value::RawValue;
use zvon_socketio::{Adapter, Config, Io, Namespace, Packet, SocketId, Target};

use crate::rooms::{packet, three};
use crate::support::{Scene, Server, ms, until};

/// Notes what other nodes would be told.
#[derive(Default)]
struct Notes(Mutex<Vec<String>>);

impl Adapter for Notes {
    fn attach(&self, namespace: &Namespace) {
        self.0.lock().push(format!("attach {}", namespace.path()));
    }

    fn room(&self, namespace: &str, room: &str, occupied: bool) {
        self.0.lock().push(format!("room {namespace} {room} {occupied}"));
    }

    fn socket(&self, namespace: &str, _: &SocketId, here: bool) {
        self.0.lock().push(format!("socket {namespace} {here}"));
    }

    fn broadcast(&self, namespace: &str, target: &Target, packet: &Packet) {
        self.0.lock().push(format!("{namespace} {:?} {}", target.rooms, packet.json()));
    }

    fn join(&self, _: &str, target: &Target, room: &str) {
        self.0.lock().push(format!("join {:?} {room}", target.rooms));
    }

    fn leave(&self, _: &str, target: &Target, room: &str) {
        self.0.lock().push(format!("leave {:?} {room}", target.rooms));
    }

    fn disconnect(&self, _: &str, target: &Target, close: bool) {
        self.0.lock().push(format!("disconnect {:?} {close}", target.rooms));
    }
}

#[tokio::test]
async fn other_nodes_are_told_unless_it_is_local() {
    let notes = Arc::new(Notes::default());
    let io = Io::with_adapter(Config::default(), Arc::clone(&notes) as Arc<_>);
    let server = Server::serve(io, Scene::echo()).await;
    let _client = server.joined().await;
    let socket = server.scene.last();
    let namespace = socket.namespace();
    notes.0.lock().clear();
    namespace.to("red").emit(&packet("x"));
    namespace.to("red").local().emit(&packet("y"));
    namespace.to("red").join("blue");
    namespace.to("red").leave("blue");
    namespace.to("red").disconnect(true);
    assert_eq!(
        *notes.0.lock(),
        [
            r#"/ ["red"] ["x",1]"#,
            r#"join ["red"] blue"#,
            r#"leave ["red"] blue"#,
            r#"disconnect ["red"] true"#
        ]
    );
}

#[tokio::test]
async fn other_nodes_know_which_rooms_are_here() {
    let notes = Arc::new(Notes::default());
    let io = Io::with_adapter(Config::default(), Arc::clone(&notes) as Arc<_>);
    let server = Server::serve(io, Scene::echo()).await;
    let (clients, sockets) = three(&server).await;
    assert_eq!(
        notes.0.lock().split_off(0),
        ["attach /", "socket / true", "socket / true", "socket / true"]
    );
    sockets[..2].iter().for_each(|socket| socket.join("red"));
    sockets[0].leave("red");
    assert_eq!(notes.0.lock().split_off(0), ["room / red true"], "the first, not the second");
    sockets[1].leave("red");
    assert_eq!(notes.0.lock().split_off(0), ["room / red false"]);
    sockets[2].join("red");
    drop(clients);
    until(|| server.scene.ends().len() == 3).await;
    let mut last = notes.0.lock().split_off(0);
    last.sort();
    let ends = "socket / false";
    assert_eq!(last, ["room / red false", "room / red true", ends, ends, ends]);
}

#[tokio::test]
async fn what_another_node_asks_is_done_here_alone() {
    let notes = Arc::new(Notes::default());
    let io = Io::with_adapter(Config::default(), Arc::clone(&notes) as Arc<_>);
    let server = Server::serve(io, Scene::echo()).await;
    let mut client = server.joined().await;
    let socket = server.scene.last();
    let namespace = socket.namespace();
    notes.0.lock().clear();
    let rooms = vec!["red".to_owned()];
    let red = Target { rooms, ..Target::default() };
    namespace.select(Target::default()).local().join("red");
    let text = RawValue::from_string(r#"["x",2]"#.to_owned()).expect("JSON");
    let packet = Packet::from_json(&text, Vec::new()).expect("an event");
    let late = Packet::event("overtaken", &1).expect("JSON");
    namespace.relay(red.clone(), &late);
    namespace.relay(red.clone(), &packet);
    assert_eq!(client.text().await, r#"42["x",2]"#, "what the product keeps is not heard");
    let answers = namespace.select(red.clone()).local().ask(&packet, ms(5000));
    assert_eq!((answers.len(), client.text().await), (1, r#"420["x",2]"#.to_owned()));
    client.send("430[7]").await;
    for answer in answers {
        assert_eq!(answer.await.expect("an answer").get::<u64>(0).expect("a number"), 7);
    }
    namespace.select(red).local().disconnect(false);
    assert_eq!(client.text().await, "41");
    let told = notes.0.lock().split_off(0);
    assert_eq!(told, ["room / red true", "room / red false", "socket / false"]);
}

#[test]
fn only_events_come_from_other_nodes() {
    let packet = |text: &str, files: usize| {
        let text = RawValue::from_string(text.to_owned()).expect("JSON");
        Packet::from_json(&text, vec![Bytes::from_static(b"x"); files]).is_some()
    };
    assert!(packet(r#" [ "a", {"b":[]}]"#, 0) && packet("[1]", 0));
    assert!(packet(r#"["a",{"_placeholder":true,"num":0}]"#, 1));
    assert!(!packet(r#"["a",{"_placeholder":true,"num":1}]"#, 1), "stands for nothing");
    for text in ["[]", "{}", "7", "null", "[null]", "[[\"a\"]]", r#""a""#] {
        assert!(!packet(text, 0), "{text}");
    }
}
