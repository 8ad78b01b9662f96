//! Encoded once, written together, bounded in bytes.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde::{Serialize, Serializer};
use zvon_socketio::{Config, Packet, Reason, Turn};

use crate::support::server::WEBSOCKET;
use crate::support::{Got, Scene, Server, Ws, ms, until};

/// Counts how often it is encoded.
struct Counting(AtomicUsize);

impl Serialize for Counting {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.fetch_add(1, Ordering::Relaxed);
        serializer.serialize_str("payload")
    }
}

#[tokio::test]
async fn an_event_is_encoded_once_for_all() {
    let server = Server::echo().await;
    let mut clients = Vec::new();
    for _ in 0..20 {
        clients.push(server.joined().await);
    }
    let payload = Counting(AtomicUsize::new(0));
    let packet = Packet::event("x", &payload).expect("JSON");
    assert_eq!(server.scene.last().namespace().all().emit(&packet), 20);
    for client in &mut clients {
        assert_eq!(client.text().await, "42[\"x\",\"payload\"]");
    }
    assert_eq!(payload.0.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn waiting_frames_leave_in_one_write() {
    let scene = Scene::echo().on_event(|socket, _| {
        for number in 0..60 {
            socket.emit(&Packet::event("n", &number).expect("JSON"));
        }
        Turn::Done
    });
    let server = Server::start(Config::default(), scene).await;
    let mut ws = server.joined().await;
    let before = server.io.stats();
    ws.send("42[\"many\"]").await;
    for number in 0..60 {
        assert_eq!(ws.text().await, format!("42[\"n\",{number}]"));
    }
    let after = server.io.stats();
    assert_eq!(after.packets_out - before.packets_out, 60);
    assert_eq!(after.writes - before.writes, 1);
}

/// Says so much that the socket of a client that does not read is full.
async fn stall(server: &Server) -> Ws {
    let mut ws = Ws::dial_narrow(server.addr, WEBSOCKET).await;
    assert!(ws.text().await.starts_with("0{"));
    ws.send("40").await;
    assert!(ws.text().await.starts_with("40{"));
    let socket = server.scene.last();
    let large = Packet::event("large", &"x".repeat(100_000)).expect("JSON");
    // What the kernel takes is not ours to say: until it takes no more.
    loop {
        let writes = server.io.stats().writes;
        assert!(socket.emit(&large), "it is not closed yet");
        tokio::time::sleep(ms(20)).await;
        if server.io.stats().writes == writes {
            return ws;
        }
    }
}

#[tokio::test]
async fn a_queue_that_is_full_closes_the_connection() {
    let server = Server::echo().await;
    let _stalled = stall(&server).await;
    let socket = server.scene.last();
    let large = Packet::event("large", &"x".repeat(100_000)).expect("JSON");
    let mut queued = 0;
    while socket.emit(&large) {
        queued += 1;
        assert!(queued <= 11, "a million bytes are the bound");
    }
    until(|| server.scene.ends() == [Reason::Overflow]).await;
    assert_eq!(server.io.stats().overflows, 1);
    until(|| server.io.connections() == 0).await;
}

#[tokio::test]
async fn volatile_packets_are_dropped_first() {
    let server = Server::echo().await;
    let mut stalled = stall(&server).await;
    let socket = server.scene.last();
    let large = Packet::event("large", &"x".repeat(200_000)).expect("JSON");
    assert!(socket.emit(&large) && socket.emit(&large));
    assert!(!socket.emit_volatile(&Packet::event("volatile", &1).expect("JSON")));
    assert!(socket.emit(&Packet::event("last", &1).expect("JSON")));
    assert_eq!(server.io.stats().dropped_volatile, 1);
    loop {
        let text = stalled.text().await;
        assert!(!text.contains("volatile"));
        if text == "42[\"last\",1]" {
            break;
        }
    }
    assert!(socket.emit_volatile(&Packet::event("volatile", &2).expect("JSON")));
    assert_eq!(stalled.text().await, "42[\"volatile\",2]", "there is room again");
}

#[tokio::test]
async fn a_packet_larger_than_the_queue_still_fits_alone() {
    let config = Config { max_queue_bytes: 1000, ..Config::default() };
    let server = Server::start(config, Scene::echo()).await;
    let mut ws = server.joined().await;
    let packet = Packet::event("large", &"x".repeat(5000)).expect("JSON");
    assert!(server.scene.last().emit(&packet));
    assert_eq!(ws.text().await.len(), 5000 + "42[\"large\",\"\"]".len());
}

#[tokio::test]
async fn a_peer_that_never_takes_what_is_written_is_given_up() {
    let config = Config { write_timeout: ms(200), ..Config::default() };
    let server = Server::start(config, Scene::echo()).await;
    let _stalled = stall(&server).await;
    until(|| server.scene.ends() == [Reason::TransportError]).await;
}

#[tokio::test]
async fn a_slow_peer_is_not_given_up_while_it_takes_something() {
    let config = Config { write_timeout: ms(1000), ..Config::default() };
    let server = Server::start(config, Scene::echo()).await;
    let mut slow = stall(&server).await;
    let socket = server.scene.last();
    let large = Packet::event("large", &"x".repeat(100_000)).expect("JSON");
    for _ in 0..8 {
        assert!(socket.emit(&large));
    }
    socket.emit(&Packet::event("last", &1).expect("JSON"));
    loop {
        tokio::time::sleep(ms(200)).await;
        if slow.text().await == "42[\"last\",1]" {
            break;
        }
    }
    assert!(socket.is_connected());
}

#[tokio::test]
async fn a_stalled_peer_delays_nobody_in_its_room() {
    let server = Server::echo().await;
    let _stalled = stall(&server).await;
    let mut ws = server.joined().await;
    let namespace = server.scene.last().namespace().clone();
    for number in 0..100 {
        namespace.all().emit(&Packet::event("n", &number).expect("JSON"));
        assert_eq!(ws.text().await, format!("42[\"n\",{number}]"));
    }
}

#[tokio::test]
async fn a_stalled_peer_that_pings_costs_no_memory() {
    let server = Server::echo().await;
    let mut raw = crate::hostile::Raw::joined(&server).await;
    for _ in 0..200_000 / 131 {
        raw.frame(0x89, &[7; 125]).await;
    }
    raw.frame(0x81, b"42[\"still here\"]").await;
    let mut pongs = 0;
    loop {
        let head = raw.read(2).await;
        let payload = raw.read(usize::from(head[1])).await;
        match head[0] {
            0x8a => pongs += 1,
            _ => {
                assert_eq!(payload, b"42[\"still here\"]");
                break;
            }
        }
    }
    assert!(pongs < 1000, "{pongs} of 1526 were answered: the latest of each piece is enough");
}

#[tokio::test]
async fn packets_are_counted() {
    let server = Server::echo().await;
    let mut ws = server.joined().await;
    ws.send("42[\"x\"]").await;
    assert_eq!(ws.next().await, Got::Text("42[\"x\"]".to_owned()));
    let stats = server.io.stats();
    assert_eq!((stats.connections, stats.handshakes), (1, 1));
    assert_eq!((stats.packets_in, stats.packets_out), (2, 2));
    server.send("GET", "/socket.io/?EIO=4", b"").await;
    assert_eq!(server.io.stats().refused, 1);
    let scene = Arc::clone(&server.scene);
    drop(ws);
    until(|| scene.ends().len() == 1 && server.io.connections() == 0).await;
}
