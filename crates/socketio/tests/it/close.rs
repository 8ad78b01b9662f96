//! Ends: what is queued is still sent, and nobody waits for a peer that does not read.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::Instant;
use zvon_socketio::{Packet, Reason, Turn};

use crate::support::server::{POLLING, WEBSOCKET};
use crate::support::{Config, Got, Scene, Server, Ws, ms, soon, until};

/// A client in `/` that never reads again, with so much waiting that nothing more can be written.
async fn stalled(server: &Server) -> Ws {
    let mut ws = Ws::dial_narrow(server.addr, WEBSOCKET).await;
    assert!(ws.text().await.starts_with("0{"));
    ws.send("40").await;
    assert!(ws.text().await.starts_with("40{"));
    let large = Packet::event("large", &"x".repeat(900_000)).expect("JSON");
    let socket = server.scene.last();
    for _ in 0..8 {
        socket.emit(&large);
        tokio::time::sleep(ms(10)).await;
    }
    ws
}

#[tokio::test]
async fn what_is_queued_is_sent_before_the_close() {
    let server = Server::echo().await;
    let mut ws = server.joined().await;
    let socket = server.scene.last();
    for number in 0..100 {
        socket.emit(&Packet::event("n", &number).expect("JSON"));
    }
    socket.close();
    for number in 0..100 {
        assert_eq!(ws.text().await, format!("42[\"n\",{number}]"));
    }
    assert_eq!(ws.next().await, Got::Close(None));
}

#[tokio::test]
async fn a_client_that_goes_on_talking_still_hears_the_end() {
    let server = Server::echo().await;
    let mut ws = server.joined().await;
    let socket = server.scene.last();
    let talking = "42[\"talk\"]";
    for _ in 0..50 {
        ws.send(talking).await;
    }
    socket.emit(&Packet::event("farewell", &1).expect("JSON"));
    socket.close();
    for _ in 0..200 {
        ws.try_send(talking).await;
    }
    let mut heard = false;
    loop {
        match ws.next().await {
            Got::Text(text) => heard |= text == "42[\"farewell\",1]",
            end => break assert_eq!(end, Got::Close(None)),
        }
    }
    assert!(heard);
}

#[tokio::test]
async fn on_disconnect_does_not_wait_for_a_stalled_peer() {
    let server = Server::echo().await;
    let _stalled = stalled(&server).await;
    let asked = Instant::now();
    server.scene.last().close();
    until(|| server.scene.ends().len() == 1).await;
    assert!(asked.elapsed() < Duration::from_secs(2), "{:?}", asked.elapsed());
}

#[tokio::test]
async fn disconnect_returns_at_once_whatever_the_peer_does() {
    let server = Server::echo().await;
    let _stalled = stalled(&server).await;
    let asked = Instant::now();
    server.scene.last().disconnect();
    assert_eq!(server.scene.ends().len(), 1);
    assert!(asked.elapsed() < Duration::from_secs(1));
}

#[tokio::test]
async fn a_close_is_over_when_the_write_timeout_is() {
    let config = Config { write_timeout: ms(300), ..Config::default() };
    let server = Server::start(config, Scene::echo()).await;
    let _stalled = stalled(&server).await;
    server.scene.last().close();
    until(|| server.io.connections() == 0).await;
}

#[tokio::test]
async fn a_drain_closes_all_and_refuses_others() {
    let server = Server::echo().await;
    let mut ws = server.joined().await;
    let sid = server.joined_polling().await;
    let pending = server.polling(&sid).await;
    let io = server.io.clone();
    let draining = tokio::spawn(async move { io.drain(ms(50)).await });
    assert_eq!(ws.next().await, Got::Close(Some(1012)), "service restart: come back");
    assert_eq!(pending.answer().await.body, "1");
    soon(draining).await.expect("it ends");
    assert_eq!(server.io.connections(), 0);
    assert_eq!(server.scene.ends(), [Reason::Draining; 2]);
    assert_eq!(server.send("GET", POLLING, b"").await.status, 503);
    assert!(matches!(Ws::dial(server.addr, WEBSOCKET).await, Err((503, _))));
}

#[tokio::test]
async fn a_drain_does_not_wait_for_a_stalled_peer() {
    let server = Server::echo().await;
    let _stalled = stalled(&server).await;
    let mut ws = server.joined().await;
    let asked = Instant::now();
    let io = server.io.clone();
    let draining = tokio::spawn(async move { io.drain(ms(100)).await });
    assert_eq!(ws.end().await, Got::Close(Some(1012)));
    until(|| server.scene.ends().len() == 2).await;
    assert!(asked.elapsed() < Duration::from_millis(1800), "sockets end within the window");
    soon(draining).await.expect("it ends");
    assert!(asked.elapsed() < Duration::from_secs(4), "{:?}", asked.elapsed());
}

#[tokio::test]
async fn a_drain_of_nobody_is_done_at_once() {
    let server = Server::echo().await;
    let asked = Instant::now();
    server.io.drain(Duration::from_secs(60)).await;
    assert!(asked.elapsed() < Duration::from_secs(1));
}

#[tokio::test]
async fn every_socket_of_a_connection_hears_of_its_end_once() {
    let server = Server::echo().await;
    let other = Arc::new(Scene::echo());
    server.io.namespace("/other", Arc::clone(&other) as Arc<_>);
    let mut ws = server.joined().await;
    ws.send("40/other").await;
    assert!(ws.text().await.starts_with("40/other,"));
    drop(ws);
    until(|| server.io.connections() == 0).await;
    assert_eq!(server.scene.ends(), [Reason::TransportClose]);
    assert_eq!(other.ends(), [Reason::TransportClose]);
}

/// Notes what is handled; each event takes a while.
fn noting(heard: &Arc<Mutex<Vec<String>>>) -> Scene {
    let heard = Arc::clone(heard);
    Scene::echo().on_event(move |socket, event| {
        let (heard, socket) = (Arc::clone(&heard), Arc::clone(socket));
        Turn::Serial(Box::pin(async move {
            if event.name == "throw out" {
                socket.disconnect();
            }
            tokio::time::sleep(ms(30)).await;
            heard.lock().push(event.name);
        }))
    })
}

#[tokio::test]
async fn what_was_said_before_leaving_is_handled() {
    for farewell in ["41", "1"] {
        let heard = Arc::default();
        let server = Server::start(Config::default(), noting(&heard)).await;
        let mut ws = server.joined().await;
        for packet in ["42[\"a\"]", "42[\"b\"]", "42[\"c\"]", farewell] {
            ws.send(packet).await;
        }
        until(|| server.scene.ends().len() == 1).await;
        assert!(heard.lock().len() < 3, "the end is told at once");
        until(|| *heard.lock() == ["a", "b", "c"]).await;
    }
}

#[tokio::test]
async fn who_is_thrown_out_is_heard_no_more() {
    let heard = Arc::default();
    let server = Server::start(Config::default(), noting(&heard)).await;
    let mut ws = server.joined().await;
    for packet in ["42[\"a\"]", "42[\"throw out\"]", "42[\"b\"]"] {
        ws.send(packet).await;
    }
    assert_eq!(ws.text().await, "41");
    ws.send("40").await;
    assert!(ws.text().await.starts_with("40{"));
    until(|| heard.lock().len() >= 2).await;
    tokio::time::sleep(ms(60)).await;
    assert_eq!(*heard.lock(), ["a", "throw out"], "the turn itself goes on to its end");
}

#[tokio::test]
async fn a_drain_waits_for_turns() {
    let heard = Arc::default();
    let server = Server::start(Config::default(), noting(&heard)).await;
    let mut ws = server.joined().await;
    for packet in ["42[\"a\"]", "42[\"b\"]", "42[\"c\"]"] {
        ws.send(packet).await;
    }
    until(|| server.io.stats().packets_in == 4).await;
    server.io.drain(ms(0)).await;
    assert_eq!(*heard.lock(), ["a", "b", "c"]);
}
