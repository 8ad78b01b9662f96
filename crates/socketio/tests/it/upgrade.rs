//! 2.3: from polling to a WebSocket.

use zvon_socketio::{Config, TransportKind};

use crate::support::{Got, Scene, Server, ms, until};

#[tokio::test]
async fn a_probe_is_answered_and_a_waiting_get_released() {
    let server = Server::echo().await;
    let sid = server.joined_polling().await;
    let pending = server.polling(&sid).await;
    let mut ws = server.dial(&format!("&sid={sid}")).await;
    ws.send("2probe").await;
    assert_eq!(ws.text().await, "3probe");
    assert_eq!(pending.answer().await.body, "6");
    ws.send("5").await;
    assert!(ws.is_served().await);
    assert_eq!(server.scene.last().transport(), TransportKind::WebSocket);
    assert_eq!(server.io.stats().upgrades, 1);
}

#[tokio::test]
async fn a_get_during_the_upgrade_is_released() {
    let server = Server::echo().await;
    let sid = server.joined_polling().await;
    let mut ws = server.dial(&format!("&sid={sid}")).await;
    ws.send("2probe").await;
    assert_eq!(ws.text().await, "3probe");
    assert_eq!(server.poll(&sid).await.body, "6");
}

#[tokio::test]
async fn what_is_queued_leaves_on_the_websocket() {
    let server = Server::echo().await;
    let sid = server.joined_polling().await;
    server.post(&sid, b"42[\"a\"]\x1e42[\"b\"]").await;
    let mut ws = server.upgraded(&sid).await;
    assert_eq!(ws.text().await, "42[\"a\"]");
    assert_eq!(ws.text().await, "42[\"b\"]");
}

#[tokio::test]
async fn any_other_first_packet_closes_that_websocket_only() {
    let server = Server::echo().await;
    let sid = server.joined_polling().await;
    for first in ["5", "3probe", "42[\"x\"]", "2", "nonsense"] {
        let mut ws = server.dial(&format!("&sid={sid}")).await;
        ws.send(first).await;
        assert_eq!(ws.end().await, Got::Close(None), "{first}");
    }
    assert_eq!(server.post(&sid, b"42[\"x\"]").await.body, "ok");
    assert_eq!(server.poll(&sid).await.body, "42[\"x\"]");
}

#[tokio::test]
async fn after_a_failed_upgrade_another_may_succeed() {
    let server = Server::echo().await;
    let sid = server.joined_polling().await;
    let mut ws = server.dial(&format!("&sid={sid}")).await;
    ws.send("nonsense").await;
    ws.end().await;
    assert!(server.upgraded(&sid).await.is_served().await);
}

#[tokio::test]
async fn an_upgrade_has_its_time() {
    let config = Config { upgrade_timeout: ms(100), ..Config::default() };
    let server = Server::start(config, Scene::echo()).await;
    let sid = server.joined_polling().await;
    let mut ws = server.dial(&format!("&sid={sid}")).await;
    ws.send("2probe").await;
    assert_eq!(ws.text().await, "3probe");
    assert_eq!(ws.end().await, Got::Close(None));
    assert_eq!(server.post(&sid, b"42[\"x\"]").await.body, "ok", "the session stays");
}

#[tokio::test]
async fn after_the_upgrade_http_is_a_bad_request() {
    let server = Server::echo().await;
    let sid = server.joined_polling().await;
    let mut ws = server.upgraded(&sid).await;
    assert!(ws.is_served().await);
    let body = r#"{"code":3,"message":"Bad request"}"#;
    assert_eq!(server.poll(&sid).await.body, body);
    assert_eq!(server.post(&sid, b"42[\"x\"]").await.body, body);
    assert!(ws.is_served().await);
}

#[tokio::test]
async fn a_second_websocket_is_closed_and_the_first_stays() {
    let server = Server::echo().await;
    let sid = server.joined_polling().await;
    let mut first = server.dial(&format!("&sid={sid}")).await;
    first.send("2probe").await;
    assert_eq!(first.text().await, "3probe");
    let mut during = server.dial(&format!("&sid={sid}")).await;
    assert_eq!(during.end().await, Got::Close(None));
    first.send("5").await;
    assert!(first.is_served().await);
    let mut after = server.dial(&format!("&sid={sid}")).await;
    assert_eq!(after.end().await, Got::Close(None));
    assert!(first.is_served().await);
}

#[tokio::test]
async fn nothing_is_lost_or_doubled_while_the_transport_changes() {
    let server = Server::echo().await;
    let sid = server.joined_polling().await;
    let socket = server.scene.last();
    let telling = tokio::spawn(async move {
        for number in 0..200 {
            let packet = zvon_socketio::Packet::event("n", &number).expect("a number is JSON");
            socket.emit(&packet);
            tokio::task::yield_now().await;
        }
    });
    let mut polled = String::new();
    let mut ws = server.dial(&format!("&sid={sid}")).await;
    ws.send("2probe").await;
    assert_eq!(ws.text().await, "3probe");
    polled.push_str(&server.poll(&sid).await.body);
    ws.send("5").await;
    telling.await.expect("it told everything");
    let mut heard: Vec<String> =
        polled.split('\x1e').filter(|packet| *packet != "6").map(str::to_owned).collect();
    while heard.last().is_none_or(|last| last != "42[\"n\",199]") {
        heard.push(ws.text().await);
    }
    let told: Vec<String> = (0..200).map(|number| format!("42[\"n\",{number}]")).collect();
    assert_eq!(heard, told);
}

#[tokio::test]
async fn a_broken_probe_leaves_the_session_alone() {
    let server = Server::echo().await;
    let sid = server.joined_polling().await;
    let mut ws = server.dial(&format!("&sid={sid}")).await;
    ws.send("2probe").await;
    assert_eq!(ws.text().await, "3probe");
    drop(ws);
    until(|| server.io.stats().connections == 1).await;
    assert_eq!(server.post(&sid, b"42[\"x\"]").await.body, "ok");
    let heard = server.poll(&sid).await.body;
    assert!(heard == "42[\"x\"]", "{heard}");
}

#[tokio::test]
async fn an_end_during_the_upgrade_is_heard_wherever_the_client_looks_for_it() {
    let server = Server::echo().await;
    for goes_on in [true, false] {
        let sid = server.joined_polling().await;
        let mut ws = server.dial(&format!("&sid={sid}")).await;
        ws.send("2probe").await;
        assert_eq!(ws.text().await, "3probe");
        let pending = server.polling(&sid).await;
        assert_eq!(pending.answer().await.body, "6", "from here on it may poll no more");
        server.scene.last().close();
        if goes_on {
            let early = tokio::time::timeout(ms(50), ws.next()).await;
            assert!(early.is_err(), "the official client would look at neither from then on");
            ws.send("5").await;
            assert_eq!(ws.end().await, Got::Close(None));
        } else {
            assert_eq!(server.poll(&sid).await.body, "6\u{1e}1");
            assert!(matches!(ws.end().await, Got::Close(_) | Got::Gone));
        }
        until(|| server.io.connections() == 0).await;
    }
}
