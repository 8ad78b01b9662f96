//! 2.3: the WebSocket and its heartbeat.

use tokio::time::Instant;
use zvon_socketio::{Config, Reason};

use crate::support::server::WEBSOCKET;
use crate::support::ws::Ws;
use crate::support::{Got, Scene, Server, ms, quick_heart, until};

#[tokio::test]
async fn it_opens_without_upgrades() {
    let server = Server::echo().await;
    let open = server.dial("").await.text().await;
    assert!(open.starts_with("0{\"sid\":\""), "{open}");
    let rest = r#","upgrades":[],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}"#;
    assert!(open.ends_with(rest), "{open}");
}

#[tokio::test]
async fn a_frame_is_a_packet_and_binary_has_no_type() {
    let server = Server::echo().await;
    let mut ws = server.joined().await;
    ws.send("451-[\"x\",{\"_placeholder\":true,\"num\":0}]").await;
    ws.send_binary(&[4, 0, 255]).await;
    assert_eq!(ws.text().await, "451-[\"x\",{\"_placeholder\":true,\"num\":0}]");
    assert_eq!(ws.next().await, Got::Binary(vec![4, 0, 255]));
}

#[tokio::test]
async fn refused_upgrades_have_the_bare_message() {
    let server = Server::echo().await;
    let cases = [
        ("/socket.io/?EIO=4&transport=websocket&sid=nobody", "Session ID unknown"),
        ("/socket.io/?EIO=4&transport=abc", "Transport unknown"),
        ("/socket.io/?EIO=4", "Transport unknown"),
        ("/socket.io/?EIO=3&transport=websocket", "Unsupported protocol version"),
        ("/socket.io/?EIO=4&transport=polling", "Bad request"),
    ];
    for (target, message) in cases {
        let refused = Ws::dial(server.addr, target).await.err();
        assert_eq!(refused, Some((400, message.to_owned())), "{target}");
    }
}

#[tokio::test]
async fn a_refused_upgrade_is_html() {
    let server = Server::echo().await;
    let headers = [
        ("connection", "upgrade"),
        ("upgrade", "websocket"),
        ("sec-websocket-version", "13"),
        ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ];
    let pending = server.pending("GET", &format!("{WEBSOCKET}&sid=x"), &headers, b"").await;
    let answer = pending.answer().await;
    assert_eq!(answer.header("content-type"), Some("text/html"));
    assert_eq!((answer.status, answer.body.as_str()), (400, "Session ID unknown"));
}

#[tokio::test]
async fn the_first_ping_comes_after_the_interval() {
    let server = Server::start(quick_heart(), Scene::echo()).await;
    let mut ws = server.ws().await;
    let opened = Instant::now();
    assert_eq!(ws.text().await, "2");
    assert!(opened.elapsed() >= ms(150), "{:?}", opened.elapsed());
    ws.send("3").await;
    let answered = Instant::now();
    assert_eq!(ws.text().await, "2");
    assert!(answered.elapsed() >= ms(150), "the interval begins at the pong");
}

#[tokio::test]
async fn without_a_pong_it_ends() {
    let server = Server::start(quick_heart(), Scene::echo()).await;
    let mut ws = server.joined().await;
    assert_eq!(ws.text().await, "2");
    let pinged = Instant::now();
    assert_eq!(ws.end().await, Got::Close(None));
    assert!(pinged.elapsed() < ms(1500), "{:?}", pinged.elapsed());
    until(|| server.scene.ends() == [Reason::PingTimeout]).await;
}

#[tokio::test]
async fn a_polling_session_is_gone_exactly_after_interval_and_timeout() {
    let server = Server::start(quick_heart(), Scene::echo()).await;
    let sid = server.open().await;
    tokio::time::sleep(ms(400)).await;
    assert_eq!(server.poll(&sid).await.status, 400);
}

#[tokio::test]
async fn another_packet_gives_a_late_pong_time_once() {
    let config = Config { ping_interval: ms(100), ping_timeout: ms(400), ..Config::default() };
    let server = Server::start(config, Scene::echo()).await;
    let mut ws = server.joined().await;
    assert_eq!(ws.text().await, "2");
    let pinged = Instant::now();
    // One every 100 ms: were each to count, it would never end.
    while pinged.elapsed() < ms(5000) && ws.try_send("42[\"x\"]").await {
        tokio::time::sleep(ms(100)).await;
        if server.io.connections() == 0 {
            break;
        }
    }
    assert!(pinged.elapsed() >= ms(400), "the first packet counts: {:?}", pinged.elapsed());
    assert!(pinged.elapsed() < ms(4000), "only the first one does: {:?}", pinged.elapsed());
    assert_eq!(server.scene.ends(), [Reason::PingTimeout]);
}

#[tokio::test]
async fn a_clients_ping_ends_it() {
    let server = Server::echo().await;
    let mut ws = server.ws().await;
    ws.send("2").await;
    assert_eq!(ws.end().await, Got::Close(None));
}

#[tokio::test]
async fn a_clients_close_packet_ends_it() {
    let server = Server::echo().await;
    let mut ws = server.joined().await;
    ws.send("1").await;
    assert_eq!(ws.end().await, Got::Close(None));
    assert_eq!(server.scene.ends(), [Reason::TransportClose]);
}

#[tokio::test]
async fn a_close_frame_is_answered_with_one() {
    let server = Server::echo().await;
    let mut raw = crate::hostile::Raw::joined(&server).await;
    raw.frame(0x88, b"").await;
    assert_eq!(raw.rest().await, [0x88, 0]);
    until(|| server.scene.ends() == [Reason::TransportClose]).await;
}

#[tokio::test]
async fn a_frame_ping_is_answered_with_its_bytes() {
    let server = Server::echo().await;
    let mut raw = crate::hostile::Raw::joined(&server).await;
    raw.frame(0x89, b"abc").await;
    assert_eq!(raw.read(5).await, [0x8a, 3, b'a', b'b', b'c']);
}

#[tokio::test]
async fn a_message_in_pieces_is_one() {
    let server = Server::echo().await;
    let mut raw = crate::hostile::Raw::joined(&server).await;
    raw.frame(0x01, b"42[\"x").await;
    raw.frame(0x89, b"").await;
    raw.frame(0x00, b"y").await;
    raw.frame(0x80, b"\"]").await;
    let (pong, echo) = (b"\x8a\x00", b"\x81\x0842[\"xy\"]");
    let heard = raw.read(pong.len() + echo.len()).await;
    let either = [[&pong[..], echo].concat(), [&echo[..], pong].concat()];
    assert!(either.contains(&heard), "a ping in between is answered: {heard:?}");
}

#[tokio::test]
async fn a_transport_that_is_not_served_is_unknown() {
    let transports = zvon_socketio::Transports { polling: false, websocket: true };
    let server = Server::start(Config { transports, ..Config::default() }, Scene::echo()).await;
    let answer = server.send("GET", crate::support::server::POLLING, b"").await;
    assert_eq!(answer.body, r#"{"code":0,"message":"Transport unknown"}"#);
    server.ws().await;
}
