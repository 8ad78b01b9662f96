//! 2.5: connection state recovery, from memory and from a product's own log.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use serde_json::{Value, json};
use zvon_socketio::{Admission, Config, Packet, Reason, RecoveryMode, SocketId};

use crate::support::{Got, Scene, Server, Ws, ms, until};

fn config(keep: Duration, skip_middlewares: bool) -> Config {
    let recovery = RecoveryMode::InMemory { max_disconnection: keep, skip_middlewares };
    Config { recovery, ..Config::default() }
}

async fn server() -> Server {
    Server::start(config(ms(60_000), true), Scene::echo()).await
}

fn packet(name: &str) -> Packet {
    Packet::event(name, &1).expect("JSON")
}

/// What a client keeps of its connection.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Kept {
    sid: String,
    pid: String,
    offset: Option<String>,
}

impl Kept {
    fn of(connect: &str) -> Self {
        let body: Value = serde_json::from_str(&connect[2..]).expect("a CONNECT");
        let text = |name: &str| body[name].as_str().expect("a text").to_owned();
        Self { sid: text("sid"), pid: text("pid"), offset: None }
    }

    fn connect(&self) -> String {
        match &self.offset {
            Some(offset) => format!("40{}", json!({ "pid": self.pid, "offset": offset })),
            None => format!("40{}", json!({ "pid": self.pid })),
        }
    }
}

/// Joins, and hears one event, so that there is an offset.
async fn began(server: &Server) -> (Ws, Kept) {
    let mut ws = server.ws().await;
    ws.send("40").await;
    let mut kept = Kept::of(&ws.text().await);
    ws.send("42[\"hello\"]").await;
    kept.offset = Some(offset(&ws.text().await));
    (ws, kept)
}

/// The last argument of an event, as the official client takes it.
fn offset(event: &str) -> String {
    let args: Vec<Value> = serde_json::from_str(&event[2..]).expect("an event");
    args.last().and_then(Value::as_str).expect("an offset").to_owned()
}

async fn lose(server: &Server, ws: Ws) {
    let before = server.scene.ends().len();
    drop(ws);
    until(|| server.scene.ends().len() > before).await;
}

/// Comes back; everything up to the CONNECT, and the CONNECT.
async fn comes_back(server: &Server, connect: &str) -> (Ws, Vec<String>, Kept) {
    let mut ws = server.ws().await;
    ws.send(connect).await;
    let mut missed = Vec::new();
    loop {
        let text = ws.text().await;
        if text.starts_with("40") {
            return (ws, missed, Kept::of(&text));
        }
        missed.push(text);
    }
}

#[tokio::test]
async fn connect_tells_a_private_id_and_events_an_offset() {
    let server = server().await;
    let mut ws = server.ws().await;
    ws.send("40").await;
    let connect = ws.text().await;
    assert!(connect.starts_with("40{\"sid\":\"") && connect.contains("\",\"pid\":\""), "{connect}");
    let kept = Kept::of(&connect);
    assert_ne!(kept.sid, kept.pid);
    ws.send("42[\"a\",1]").await;
    let event = ws.text().await;
    assert_eq!(event, format!("42[\"a\",1,\"{}\"]", offset(&event)));
}

#[tokio::test]
async fn questions_answers_and_volatile_events_have_none() {
    let server = server().await;
    let mut ws = server.ws().await;
    ws.send("40").await;
    ws.text().await;
    ws.send("420[\"a\",1]").await;
    assert_eq!(ws.text().await, "430[1]");
    let socket = server.scene.last();
    assert!(socket.emit_volatile(&packet("v")));
    assert_eq!(ws.text().await, "42[\"v\",1]");
    socket.namespace().all().volatile().emit(&packet("w"));
    assert_eq!(ws.text().await, "42[\"w\",1]");
    let asked = tokio::spawn(async move { socket.emit_with_ack(&packet("q"), ms(50)).await });
    assert_eq!(ws.text().await, "420[\"q\",1]");
    assert!(asked.await.expect("no panic").is_err());
}

#[tokio::test]
async fn what_was_missed_comes_before_the_connect() {
    let server = server().await;
    let (ws, kept) = began(&server).await;
    let namespace = server.scene.last().namespace().clone();
    let (room, other) = ("red", "blue");
    server.scene.last().join(room);
    lose(&server, ws).await;
    namespace.all().emit(&packet("to all"));
    namespace.to(room).emit(&packet("to the room"));
    namespace.to(other).emit(&packet("to another room"));
    namespace.all().except(room).emit(&packet("to all but the room"));
    namespace.all().volatile().emit(&packet("volatile"));
    namespace.to(&kept.sid).emit(&packet("to itself"));
    let (mut ws, missed, back) = comes_back(&server, &kept.connect()).await;
    let names: Vec<&str> = missed.iter().filter_map(|text| text.split('"').nth(1)).collect();
    assert_eq!(names, ["to all", "to the room", "to itself"]);
    assert_eq!((back.sid, back.pid), (kept.sid, kept.pid), "the same socket");
    assert!(server.scene.last().recovered() && server.scene.last().in_room(room));
    namespace.to(room).emit(&packet("live"));
    assert!(ws.text().await.starts_with("42[\"live\""));
}

#[tokio::test]
async fn its_data_comes_back_without_asking_who_it_is() {
    let asked = Arc::new(Mutex::new(0));
    let counted = Arc::clone(&asked);
    let scene = Scene::echo().authorize(move |_| {
        let mut times = counted.lock();
        *times += 1;
        Ok(Admission::new(format!("data {times}")))
    });
    let server = Server::start(config(ms(60_000), true), scene).await;
    let (ws, kept) = began(&server).await;
    lose(&server, ws).await;
    comes_back(&server, &kept.connect()).await;
    assert_eq!(*asked.lock(), 1);
    assert_eq!(server.scene.last().data::<String>().map(String::as_str), Some("data 1"));
}

#[tokio::test]
async fn who_it_is_is_asked_again_if_that_is_configured() {
    let scene = Scene::echo().authorize(|request| {
        let auth: Value = request.auth_as().unwrap_or_default();
        match auth["banned"] == true {
            true => Err(zvon_socketio::Refusal::new("banned")),
            false => Ok(Admission::new(())),
        }
    });
    let server = Server::start(config(ms(60_000), false), scene).await;
    let (ws, kept) = began(&server).await;
    lose(&server, ws).await;
    let mut banned: Value = serde_json::from_str(&kept.connect()[2..]).expect("JSON");
    banned["banned"] = true.into();
    let mut ws = server.ws().await;
    ws.send(&format!("40{banned}")).await;
    assert_eq!(ws.text().await, "44{\"message\":\"banned\"}");
    let (_, _, back) = comes_back(&server, &kept.connect()).await;
    assert_eq!(back.sid, kept.sid, "a refusal used nothing up");
}

#[tokio::test]
async fn anything_else_is_a_fresh_socket_and_never_an_error() {
    let server = server().await;
    let (ws, kept) = began(&server).await;
    lose(&server, ws).await;
    let offset = kept.offset.clone().unwrap_or_default();
    let prefix = offset.rsplit_once('-').map_or("", |(prefix, _)| prefix);
    let cases = [
        json!({ "pid": kept.pid }),
        json!({ "pid": kept.pid, "offset": "hello" }),
        json!({ "pid": kept.pid, "offset": "" }),
        json!({ "pid": kept.pid, "offset": format!("{prefix}-999") }),
        json!({ "pid": kept.pid, "offset": format!("{prefix}-18446744073709551616") }),
        json!({ "pid": kept.pid, "offset": "other-1" }),
        json!({ "pid": kept.pid, "offset": 7 }),
        json!({ "pid": "nobody", "offset": offset }),
        json!({ "pid": [], "offset": offset }),
        json!({ "offset": offset }),
    ];
    for case in cases {
        let (_, missed, back) = comes_back(&server, &format!("40{case}")).await;
        assert!(missed.is_empty() && back.sid != kept.sid && back.pid != kept.pid, "{case}");
        assert!(!server.scene.last().recovered());
    }
    let (_, _, back) = comes_back(&server, &kept.connect()).await;
    assert_eq!(back.sid, kept.sid, "and none of them used it up");
}

#[tokio::test]
async fn a_socket_comes_back_once() {
    let server = server().await;
    let (ws, kept) = began(&server).await;
    lose(&server, ws).await;
    let (_first, _, back) = comes_back(&server, &kept.connect()).await;
    assert_eq!(back.sid, kept.sid);
    let (_second, _, other) = comes_back(&server, &kept.connect()).await;
    assert_ne!(other.sid, kept.sid);
    assert_ne!(other.pid, kept.pid);
}

#[tokio::test]
async fn it_may_come_back_again_and_again() {
    let server = server().await;
    let (mut ws, kept) = began(&server).await;
    for _ in 0..3 {
        lose(&server, ws).await;
        let back;
        (ws, _, back) = comes_back(&server, &kept.connect()).await;
        assert_eq!(back.sid, kept.sid);
    }
}

#[tokio::test]
async fn who_stays_away_too_long_is_forgotten() {
    let server = Server::start(config(ms(50), true), Scene::echo()).await;
    let (ws, kept) = began(&server).await;
    lose(&server, ws).await;
    tokio::time::sleep(ms(100)).await;
    let (_, _, back) = comes_back(&server, &kept.connect()).await;
    assert_ne!(back.sid, kept.sid);
}

#[tokio::test]
async fn who_was_disconnected_from_its_namespace_does_not_come_back() {
    let server = server().await;
    let (mut ws, kept) = began(&server).await;
    ws.send("41").await;
    until(|| server.scene.ends() == [Reason::ClientDisconnect]).await;
    let (_, _, back) = comes_back(&server, &kept.connect()).await;
    assert_ne!(back.sid, kept.sid);

    let (mut ws, kept) = began(&server).await;
    server.scene.last().disconnect();
    assert_eq!(ws.text().await, "41");
    let (_, _, back) = comes_back(&server, &kept.connect()).await;
    assert_ne!(back.sid, kept.sid);
}

#[tokio::test]
async fn who_was_closed_by_the_server_comes_back() {
    let server = server().await;
    let (mut ws, kept) = began(&server).await;
    server.scene.last().close();
    assert_eq!(ws.end().await, Got::Close(None));
    until(|| server.scene.ends() == [Reason::ServerClose]).await;
    let (_, _, back) = comes_back(&server, &kept.connect()).await;
    assert_eq!(back.sid, kept.sid);
}

#[tokio::test]
async fn who_did_not_answer_a_ping_comes_back() {
    let heart = crate::support::quick_heart();
    let config = Config { recovery: config(ms(60_000), true).recovery, ..heart };
    let server = Server::start(config, Scene::echo()).await;
    let (mut ws, kept) = began(&server).await;
    ws.end().await;
    until(|| server.scene.ends() == [Reason::PingTimeout]).await;
    let (_, _, back) = comes_back(&server, &kept.connect()).await;
    assert_eq!(back.sid, kept.sid);
}

#[tokio::test]
async fn nothing_falls_between_losing_and_coming_back() {
    let server = server().await;
    let (mut ws, mut kept) = began(&server).await;
    let namespace = server.scene.last().namespace().clone();
    let telling = tokio::spawn(async move {
        for number in 0..600 {
            namespace.all().emit(&Packet::event("n", &number).expect("JSON"));
            tokio::time::sleep(ms(1)).await;
        }
    });
    let mut heard: Vec<String> = Vec::new();
    for _ in 0..8 {
        for _ in 0..20 {
            heard.push(ws.text().await);
        }
        kept.offset = heard.last().map(|event| offset(event));
        lose(&server, ws).await;
        let (missed, back);
        (ws, missed, back) = comes_back(&server, &kept.connect()).await;
        assert_eq!(back.sid, kept.sid);
        heard.extend(missed);
    }
    while heard.last().is_none_or(|last| !last.starts_with("42[\"n\",599,")) {
        heard.push(ws.text().await);
    }
    telling.await.expect("it told everything");
    let numbers: Vec<usize> =
        heard.iter().filter_map(|event| event.split(',').nth(1)?.parse().ok()).collect();
    assert_eq!(numbers, (0..600).collect::<Vec<_>>());
}

/// A product that recovers from a log of its own.
fn product() -> (Config, Scene) {
    let id: SocketId = "abcdefghijklmnopqrst".parse().expect("an id");
    let scene = Scene::echo()
        .authorize(move |request| {
            let admission = Admission::new(()).pid("private".to_owned());
            let known = request.pid.as_deref() == Some("private")
                && request.offset.as_deref() == Some("chat.7");
            Ok(match known {
                true => admission.recovered(id.clone()).rooms(vec!["chat".to_owned()]),
                false => admission.id(id.clone()),
            })
        })
        .on_recovered(|socket| {
            socket.emit_tailed(&packet("missed"), "chat.8");
        });
    (Config { recovery: RecoveryMode::Product, ..Config::default() }, scene)
}

#[tokio::test]
async fn a_product_recovers_from_its_own_log() {
    let (config, scene) = product();
    let server = Server::start(config, scene).await;
    let mut old = server.ws().await;
    old.send("40").await;
    assert_eq!(old.text().await, r#"40{"sid":"abcdefghijklmnopqrst","pid":"private"}"#);
    let first = server.scene.last();
    assert!(!first.recovered());
    first.emit(&packet("plain"));
    assert_eq!(old.text().await, "42[\"plain\",1]", "the engine adds no offset of its own");

    let mut ws = server.ws().await;
    ws.send(r#"40{"pid":"private","offset":"chat.7"}"#).await;
    assert_eq!(ws.text().await, "42[\"missed\",1,\"chat.8\"]");
    assert_eq!(ws.text().await, r#"40{"sid":"abcdefghijklmnopqrst","pid":"private"}"#);
    assert_eq!(old.end().await, Got::Close(None), "the old connection is evicted");
    assert_eq!(server.scene.ends(), [Reason::Replaced]);
    let socket = server.scene.last();
    assert!(socket.recovered() && socket.in_room("chat"));
    until(|| server.io.connections() == 1).await;
    let namespace = socket.namespace();
    assert_eq!((namespace.len(), namespace.room_len("chat")), (1, 1));
}
