//! 2.2: polling.

use zvon_socketio::Config;

use crate::support::http::{Pending, request};
use crate::support::server::POLLING;
use crate::support::{Scene, Server, ms, until};

const UNKNOWN: &str = r#"{"code":1,"message":"Session ID unknown"}"#;

#[tokio::test]
async fn packets_are_joined_and_binary_is_base64() {
    let server = Server::echo().await;
    let sid = server.joined_polling().await;
    let body = "42[\"a\",\"ж\"]\x1e451-[\"b\",{\"_placeholder\":true,\"num\":0}]\x1eb+/8B";
    assert_eq!(server.post(&sid, body.as_bytes()).await.body, "ok");
    assert_eq!(server.poll(&sid).await.body, body);
}

#[tokio::test]
async fn a_get_waits_until_there_is_something_to_send() {
    let server = Server::echo().await;
    let sid = server.joined_polling().await;
    let pending = server.polling(&sid).await;
    assert_eq!(server.post(&sid, b"42[\"x\"]").await.body, "ok");
    assert_eq!(pending.answer().await.body, "42[\"x\"]");
}

#[tokio::test]
async fn one_get_takes_everything() {
    let server = Server::echo().await;
    let sid = server.joined_polling().await;
    for body in [&b"42[\"a\"]"[..], b"42[\"b\"]", b"42[\"c\"]"] {
        server.post(&sid, body).await;
    }
    assert_eq!(server.poll(&sid).await.body, "42[\"a\"]\x1e42[\"b\"]\x1e42[\"c\"]");
}

#[tokio::test]
async fn a_second_get_ends_the_session() {
    let server = Server::echo().await;
    let sid = server.open().await;
    let first = server.polling(&sid).await;
    let second = server.poll(&sid).await;
    let first = first.answer().await;
    assert_eq!((first.status, first.body.as_str()), (200, "1"));
    assert_eq!(second.status, 400);
    assert_eq!(server.poll(&sid).await.body, UNKNOWN);
}

#[tokio::test]
async fn a_second_post_ends_the_session() {
    let server = Server::echo().await;
    let sid = server.open().await;
    let target = format!("{POLLING}&sid={sid}");
    let half = request("POST", &target, &[], b"40 and more that is not sent yet");
    let first = Pending::send(server.addr, &half[..half.len() - 8]).await;
    tokio::time::sleep(ms(30)).await;
    assert_eq!(server.post(&sid, b"40").await.status, 400);
    assert_eq!(server.poll(&sid).await.body, UNKNOWN);
    drop(first);
}

#[tokio::test]
async fn an_aborted_get_ends_the_session() {
    let server = Server::echo().await;
    let sid = server.joined_polling().await;
    drop(server.polling(&sid).await);
    until(|| server.io.connections() == 0).await;
    assert_eq!(server.poll(&sid).await.body, UNKNOWN);
    assert_eq!(server.scene.ends(), [zvon_socketio::Reason::TransportClose]);
}

#[tokio::test]
async fn an_aborted_post_ends_the_session() {
    let server = Server::echo().await;
    let sid = server.open().await;
    let whole = request("POST", &format!("{POLLING}&sid={sid}"), &[], b"40 never sent in full");
    let half = Pending::send(server.addr, &whole[..whole.len() - 4]).await;
    tokio::time::sleep(ms(30)).await;
    drop(half);
    until(|| server.io.connections() == 0).await;
    assert_eq!(server.poll(&sid).await.body, UNKNOWN);
}

#[tokio::test]
async fn an_invalid_packet_is_answered_ok_and_ends_the_session() {
    let server = Server::echo().await;
    for body in [&b"abc"[..], b"", b"40\x1e", b"2", b"b!", b"4\xff", b"7"] {
        let sid = server.open().await;
        let answer = server.post(&sid, body).await;
        assert_eq!((answer.status, answer.body.as_str()), (200, "ok"), "{body:?}");
        assert_eq!(server.poll(&sid).await.body, UNKNOWN, "{body:?}");
    }
}

#[tokio::test]
async fn what_stands_before_an_invalid_packet_is_taken() {
    let (said, heard) = std::sync::mpsc::channel();
    let scene = Scene::echo().on_event(move |_, event| {
        said.send(event.name).expect("somebody listens");
        zvon_socketio::Turn::Done
    });
    let server = Server::start(Config::default(), scene).await;
    let sid = server.joined_polling().await;
    server.post(&sid, b"42[\"first\"]").await;
    server.post(&sid, b"nonsense").await;
    assert_eq!(heard.recv(), Ok("first".to_owned()));
}

#[tokio::test]
async fn a_clients_close_releases_its_get() {
    let server = Server::echo().await;
    let sid = server.open().await;
    let pending = server.polling(&sid).await;
    let answer = server.post(&sid, b"1").await;
    assert_eq!((answer.status, answer.body.as_str()), (200, "ok"));
    let released = pending.answer().await;
    assert_eq!((released.status, released.body.as_str()), (200, "6"));
    assert_eq!(server.poll(&sid).await.body, UNKNOWN);
}

#[tokio::test]
async fn a_get_that_was_overtaken_by_the_close_is_released_too() {
    let server = Server::echo().await;
    let sid = server.joined_polling().await;
    server.post(&sid, b"1").await;
    assert_eq!(server.scene.ends(), [zvon_socketio::Reason::TransportClose]);
    assert_eq!(server.poll(&sid).await.body, "6");
    assert_eq!(server.poll(&sid).await.body, UNKNOWN);
}

#[tokio::test]
async fn a_session_that_the_client_closed_is_soon_forgotten() {
    let server = Server::echo().await;
    let sid = server.open().await;
    server.post(&sid, b"1").await;
    until(|| server.io.connections() == 0).await;
    assert_eq!(server.poll(&sid).await.body, UNKNOWN);
}

#[tokio::test]
async fn a_servers_close_waits_for_the_next_get() {
    let server = Server::echo().await;
    let sid = server.joined_polling().await;
    server.scene.last().close();
    until(|| !server.scene.ends().is_empty()).await;
    assert_eq!(server.poll(&sid).await.body, "6\x1e1");
    assert_eq!(server.poll(&sid).await.body, UNKNOWN);
}

#[tokio::test]
async fn a_servers_close_loses_nothing_that_was_queued() {
    let server = Server::echo().await;
    let sid = server.joined_polling().await;
    let socket = server.scene.last();
    server.io.namespace("/other", std::sync::Arc::new(Scene::echo()));
    socket.namespace().all().disconnect(true);
    until(|| !server.scene.ends().is_empty()).await;
    assert_eq!(server.poll(&sid).await.body, "41", "the end comes in an answer of its own");
    assert_eq!(server.poll(&sid).await.body, "6\x1e1");
    assert_eq!(server.poll(&sid).await.body, UNKNOWN);
}

#[tokio::test]
async fn a_servers_close_is_bounded() {
    let config = Config { ping_timeout: ms(100), ..Config::default() };
    let server = Server::start(config, Scene::echo()).await;
    server.joined_polling().await;
    server.scene.last().close();
    until(|| server.io.connections() == 0).await;
}

#[tokio::test]
async fn a_servers_close_answers_a_waiting_get() {
    let server = Server::echo().await;
    let sid = server.joined_polling().await;
    let pending = server.polling(&sid).await;
    server.scene.last().close();
    assert_eq!(pending.answer().await.body, "1");
    assert_eq!(server.poll(&sid).await.body, UNKNOWN);
}

#[tokio::test]
async fn a_violation_is_answered_ok_and_the_next_get_hears_of_the_end() {
    let server = Server::echo().await;
    for body in [&b"4abc"[..], b"42[\"too early\"]"] {
        let sid = server.open().await;
        assert_eq!(server.post(&sid, body).await.body, "ok");
        assert_eq!(server.poll(&sid).await.body, "6\x1e1");
        assert_eq!(server.poll(&sid).await.body, UNKNOWN);
    }
}
