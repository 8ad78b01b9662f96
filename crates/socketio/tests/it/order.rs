//! Commands of one socket are handled in order, and never without bound.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use parking_lot::Mutex;
use tokio::sync::Semaphore;
use zvon_socketio::{Config, Turn};

use crate::support::{Scene, Server, ms, until};

type Log = Arc<Mutex<Vec<String>>>;

/// Notes the beginning and the end of every turn.
fn noting(log: &Log) -> Scene {
    let log = Arc::clone(log);
    Scene::echo().on_event(move |_, event| {
        let log = Arc::clone(&log);
        Turn::Serial(Box::pin(async move {
            log.lock().push(format!("{} begins", event.name));
            tokio::time::sleep(ms(20)).await;
            log.lock().push(format!("{} ends", event.name));
        }))
    })
}

/// The same, but turns overlap, and "a" ends after "b".
fn overlapping(log: &Log) -> Scene {
    let (log, b_ended) = (Arc::clone(log), Arc::new(Semaphore::new(0)));
    Scene::echo().on_event(move |_, event| {
        let (log, b_ended) = (Arc::clone(&log), Arc::clone(&b_ended));
        Turn::Pipelined(Box::pin(async move {
            log.lock().push(format!("{} begins", event.name));
            if event.name == "a" {
                b_ended.acquire().await.expect("it stays open").forget();
            }
            log.lock().push(format!("{} ends", event.name));
            b_ended.add_permits(1);
        }))
    })
}

#[tokio::test]
async fn serial_turns_do_not_overlap() {
    let log = Log::default();
    let server = Server::start(Config::default(), noting(&log)).await;
    let mut ws = server.joined().await;
    for name in ["a", "b", "c"] {
        ws.send(&format!("42[\"{name}\"]")).await;
    }
    until(|| log.lock().len() == 6).await;
    assert_eq!(*log.lock(), ["a begins", "a ends", "b begins", "b ends", "c begins", "c ends"]);
}

#[tokio::test]
async fn pipelined_turns_begin_in_order() {
    let log = Log::default();
    let server = Server::start(Config::default(), overlapping(&log)).await;
    let mut ws = server.joined().await;
    for name in ["a", "b"] {
        ws.send(&format!("42[\"{name}\"]")).await;
    }
    until(|| log.lock().len() == 4).await;
    assert_eq!(*log.lock(), ["a begins", "b begins", "b ends", "a ends"]);
}

#[tokio::test]
async fn events_wait_for_the_greeting() {
    let log = Log::default();
    let greeted = Arc::clone(&log);
    let server = Server::start(
        Config::default(),
        noting(&log).on_connect(move |_| greeted.lock().push("greeted".to_owned())),
    )
    .await;
    let mut ws = server.ws().await;
    ws.send("40").await;
    assert!(ws.text().await.starts_with("40{"));
    ws.send("42[\"b\"]").await;
    until(|| log.lock().len() == 3).await;
    assert_eq!(*log.lock(), ["greeted", "b begins", "b ends"]);
}

/// A server whose turns wait for permits; how many turns have begun.
async fn gated(config: Config) -> (Server, Arc<Semaphore>, Arc<AtomicUsize>) {
    let (gate, begun) = (Arc::new(Semaphore::new(0)), Arc::new(AtomicUsize::new(0)));
    let (waits, counts) = (Arc::clone(&gate), Arc::clone(&begun));
    let scene = Scene::echo().on_event(move |_, mut event| {
        counts.fetch_add(1, Ordering::SeqCst);
        let waits = Arc::clone(&waits);
        Turn::Serial(Box::pin(async move {
            waits.acquire().await.expect("it stays open").forget();
            let id: u64 = event.payload().expect("a number comes first");
            event.take_ack().expect("it asks").send(&id).expect("JSON");
        }))
    });
    (Server::start(config, scene).await, gate, begun)
}

#[tokio::test]
async fn a_busy_socket_is_not_read_and_loses_nothing() {
    let (server, gate, _) = gated(Config { max_inflight: 4, ..Config::default() }).await;
    let mut ws = server.joined().await;
    for id in 0..50 {
        ws.send(&format!("42{id}[\"x\",{id}]")).await;
    }
    tokio::time::sleep(ms(50)).await;
    assert!(server.io.stats().packets_in < 50, "it is read no further than it can be served");
    gate.add_permits(50);
    for id in 0..50 {
        assert_eq!(ws.text().await, format!("43{id}[{id}]"));
    }
}

#[tokio::test]
async fn waiting_events_are_bounded_in_bytes() {
    let (server, gate, _) = gated(Config { max_queue_bytes: 10_000, ..Config::default() }).await;
    let mut ws = server.joined().await;
    let long = "x".repeat(9_000);
    for id in 0..20 {
        ws.send(&format!("42{id}[\"x\",{id},\"{long}\"]")).await;
    }
    tokio::time::sleep(ms(50)).await;
    let taken = server.io.stats().packets_in;
    assert!(taken <= 8, "{taken} were taken in");
    gate.add_permits(20);
    for id in 0..20 {
        assert_eq!(ws.text().await, format!("43{id}[{id}]"));
    }
}

#[tokio::test]
async fn a_busy_polling_session_keeps_its_post_waiting() {
    let (server, gate, begun) = gated(Config { max_inflight: 2, ..Config::default() }).await;
    let sid = server.joined_polling().await;
    let many: Vec<String> = (0..20).map(|id| format!("42{id}[\"x\",{id}]")).collect();
    let target = format!("{}&sid={sid}", crate::support::server::POLLING);
    let body = many.join("\x1e");
    let post = server.pending("POST", &target, &[], body.as_bytes()).await;
    until(|| begun.load(Ordering::SeqCst) == 1).await;
    assert!(server.io.stats().packets_in < 20);
    gate.add_permits(20);
    assert_eq!(post.answer().await.body, "ok");
    until(|| begun.load(Ordering::SeqCst) == 20).await;
    let answers: Vec<String> = (0..20).map(|id| format!("43{id}[{id}]")).collect();
    let mut heard = Vec::new();
    while heard.len() < 20 {
        heard.extend(server.poll(&sid).await.body.split('\x1e').map(str::to_owned));
    }
    assert_eq!(heard, answers);
}

#[tokio::test]
async fn a_peer_that_is_not_read_is_not_blamed_for_its_silence() {
    let config = Config { max_inflight: 1, ..crate::support::quick_heart() };
    let (server, gate, _) = gated(config).await;
    let mut ws = server.joined().await;
    for id in 0..3 {
        ws.send(&format!("42{id}[\"x\",{id}]")).await;
    }
    tokio::time::sleep(ms(900)).await;
    assert_eq!(server.io.connections(), 1);
    gate.add_permits(3);
    ws.send("3").await;
    for id in 0..3 {
        let mut text = ws.text().await;
        while text == "2" {
            ws.send("3").await;
            text = ws.text().await;
        }
        assert_eq!(text, format!("43{id}[{id}]"));
    }
}
