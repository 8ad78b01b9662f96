//! 2.4: the Socket.IO layer.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use serde_json::json;
use zvon_socketio::{
    AckError, Admission, Config, Packet, PacketBuilder, Reason, Refusal, SocketId, Turn,
};

use crate::support::{Got, Scene, Server, ms, soon, until};

/// What ends the whole connection, sent after joining `/`.
async fn ends(packets: &[&str]) {
    let server = Server::echo().await;
    let mut ws = server.joined().await;
    for packet in packets {
        ws.send(packet).await;
    }
    assert_eq!(ws.end().await, Got::Close(None), "{packets:?}");
}

#[tokio::test]
async fn without_a_connect_it_is_closed() {
    let config = Config { connect_timeout: ms(100), ..Config::default() };
    let server = Server::start(config, Scene::echo()).await;
    assert_eq!(server.ws().await.end().await, Got::Close(None));
}

#[tokio::test]
async fn who_was_let_in_may_stay_past_the_connect_timeout() {
    let config = Config { connect_timeout: ms(100), ..Config::default() };
    let server = Server::start(config, Scene::echo()).await;
    let mut ws = server.joined().await;
    tokio::time::sleep(ms(200)).await;
    assert!(ws.is_served().await);
}

#[tokio::test]
async fn a_refused_client_does_not_stay_for_ever() {
    let config = Config { connect_timeout: ms(100), ..Config::default() };
    let scene = Scene::echo().authorize(|_| Err(Refusal::new("no")));
    let server = Server::start(config, scene).await;
    let mut ws = server.ws().await;
    ws.send("40").await;
    assert_eq!(ws.text().await, "44{\"message\":\"no\"}");
    assert_eq!(ws.end().await, Got::Close(None));
}

#[tokio::test]
async fn what_no_client_may_say_ends_the_connection() {
    for packet in ["40", "44{\"message\":\"x\"}", "44", "4abc", "47", "4"] {
        ends(&[packet]).await;
    }
    ends(&["41", "42[\"late\"]"]).await;
    ends(&["42/other,[\"not joined\"]"]).await;
    ends(&["43/other,1[]"]).await;
    ends(&["41/other,"]).await;
}

#[tokio::test]
async fn an_event_before_connect_ends_the_connection() {
    let server = Server::echo().await;
    let mut ws = server.ws().await;
    ws.send("42[\"early\"]").await;
    assert_eq!(ws.end().await, Got::Close(None));
}

#[tokio::test]
async fn a_connect_payload_is_an_object_or_absent() {
    let server = Server::echo().await;
    for packet in ["40[\"a\"]", "40\"a\"", "40null", "40{", "40{}x"] {
        let mut ws = server.ws().await;
        ws.send(packet).await;
        assert_eq!(ws.end().await, Got::Close(None), "{packet}");
    }
}

#[tokio::test]
async fn the_socket_id_is_fresh_and_not_the_session_id() {
    let server = Server::echo().await;
    let mut ws = server.dial("").await;
    let open = ws.text().await;
    ws.send("40{\"token\":\"x\"}").await;
    let connect = ws.text().await;
    let id = connect.strip_prefix("40{\"sid\":\"").and_then(|rest| rest.strip_suffix("\"}"));
    let id = id.expect("nothing but an id");
    assert!(id.parse::<SocketId>().is_ok(), "{id}");
    assert!(!open.contains(id));
    assert_eq!(server.scene.last().id().as_str(), id);
}

#[tokio::test]
async fn a_namespace_is_answered_by_its_name() {
    let server = Server::echo().await;
    server.io.namespace("/admin", Arc::new(Scene::echo()));
    for packet in ["40/admin", "40/admin,", "40/admin,{\"a\":1}"] {
        let mut ws = server.ws().await;
        ws.send(packet).await;
        let answer = ws.text().await;
        assert!(answer.starts_with("40/admin,{\"sid\":\""), "{answer}");
    }
}

#[tokio::test]
async fn an_unknown_namespace_is_refused_and_the_connection_stays() {
    let server = Server::echo().await;
    let mut ws = server.ws().await;
    ws.send("40/x").await;
    assert_eq!(ws.text().await, "44/x,{\"message\":\"Invalid namespace\"}");
    ws.send("40/x?token=1,").await;
    assert_eq!(ws.text().await, "44/x?token=1,{\"message\":\"Invalid namespace\"}");
    ws.send("40").await;
    assert!(ws.text().await.starts_with("40{"));
}

#[tokio::test]
async fn middleware_refuses_with_data_and_the_client_may_try_again() {
    let scene = Scene::echo().authorize(|request| {
        let auth: serde_json::Value = request.auth_as().unwrap_or_default();
        match auth["token"] == "good" {
            true => Ok(Admission::new(())),
            false => Err(Refusal::new("no \"entry\"").data(json!({ "z": 1, "a": [2] }))),
        }
    });
    let server = Server::start(Config::default(), scene).await;
    let mut ws = server.ws().await;
    ws.send("40{\"token\":\"bad\"}").await;
    assert_eq!(ws.text().await, r#"44{"message":"no \"entry\"","data":{"a":[2],"z":1}}"#);
    ws.send("40{\"token\":\"good\"}").await;
    assert!(ws.text().await.starts_with("40{\"sid\""));
}

#[tokio::test]
async fn an_events_name_is_a_text_or_a_number() {
    let server = Server::echo().await;
    let mut ws = server.joined().await;
    for (said, heard) in [
        ("42[\"a\",1,null]", "42[\"a\",1,null]"),
        ("42[7,\"x\"]", "42[\"7\",\"x\"]"),
        ("42[\"\"]", "42[\"\"]"),
        ("42 [ \"a\" , {\"b\" : 1} ]", "42[\"a\",{\"b\" : 1}]"),
    ] {
        ws.send(said).await;
        assert_eq!(ws.text().await, heard);
    }
}

#[tokio::test]
async fn an_invalid_event_ends_the_connection() {
    for packet in [
        "42",
        "42[]",
        "42{}",
        "42[null]",
        "42[{}]",
        "42[[\"a\"]]",
        "42[true]",
        "42abc[\"a\"]",
        "42[\"a\"",
        "42[\"a\"]]",
        "42[\"a\",]",
        "42\"a\"",
        "42-1[\"a\"]",
    ] {
        ends(&[packet]).await;
    }
}

#[tokio::test]
async fn reserved_names_end_the_connection() {
    for name in
        ["connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"]
    {
        ends(&[&format!("42[\"{name}\"]")]).await;
    }
}

#[tokio::test]
async fn an_answer_bears_the_questions_id() {
    let server = Server::echo().await;
    let mut ws = server.joined().await;
    ws.send("42456[\"x\",1,\"2\",{\"3\":[false]}]").await;
    assert_eq!(ws.text().await, "43456[1,\"2\",{\"3\":[false]}]");
    ws.send("429007199254740991[\"x\"]").await;
    assert_eq!(ws.text().await, "439007199254740991[]");
    ends(&["429007199254740992[\"x\"]"]).await;
    ends(&["4299999999999999999999999[\"x\"]"]).await;
}

#[tokio::test]
async fn answers_to_nothing_are_ignored() {
    let server = Server::echo().await;
    let mut ws = server.joined().await;
    for packet in ["430[]", "43999[\"x\"]", "43[\"without an id\"]"] {
        ws.send(packet).await;
    }
    assert!(ws.is_served().await);
}

#[tokio::test]
async fn the_server_asks_and_is_answered_once() {
    let server = Server::echo().await;
    let mut ws = server.joined().await;
    let socket = server.scene.last();
    let question = Packet::event("q", &1).expect("JSON");
    let asking = tokio::spawn(async move { socket.emit_with_ack(&question, ms(5000)).await });
    assert_eq!(ws.text().await, "420[\"q\",1]");
    ws.send("430[\"yes\"]").await;
    ws.send("430[\"again\"]").await;
    let answer = soon(asking).await.expect("no panic").expect("an answer");
    assert_eq!(answer.get::<String>(0).expect("a text"), "yes");
    assert!(ws.is_served().await);
}

#[tokio::test]
async fn the_server_does_not_wait_for_ever() {
    let server = Server::echo().await;
    let mut ws = server.joined().await;
    let question = Packet::event("q", &1).expect("JSON");
    let answer = server.scene.last().emit_with_ack(&question, ms(50)).await;
    assert_eq!(answer.err(), Some(AckError::Timeout));
    assert_eq!(ws.text().await, "420[\"q\",1]");
    ws.send("430[\"late\"]").await;
    assert!(ws.is_served().await);
}

#[tokio::test]
async fn who_leaves_answers_nothing() {
    let server = Server::echo().await;
    let ws = server.joined().await;
    let socket = server.scene.last();
    let asked = Arc::clone(&socket);
    let question = Packet::event("q", &1).expect("JSON");
    let again = question.clone();
    let asking = tokio::spawn(async move { asked.emit_with_ack(&question, ms(9000)).await });
    tokio::task::yield_now().await;
    drop(ws);
    assert_eq!(soon(asking).await.expect("no panic").err(), Some(AckError::Disconnected));
    assert_eq!(socket.emit_with_ack(&again, ms(9000)).await.err(), Some(AckError::Disconnected));
}

#[tokio::test]
async fn binary_goes_both_ways_and_into_answers() {
    let server = Server::echo().await;
    let mut ws = server.joined().await;
    let two = "[{\"_placeholder\":true,\"num\":0},{\"deep\":[{\"_placeholder\":true,\"num\":1}]}]";
    ws.send(&format!("452-789[\"x\",{}", &two[1..])).await;
    ws.send_binary(&[1, 2, 3]).await;
    ws.send_binary(&[]).await;
    assert_eq!(ws.text().await, format!("462-789{two}"));
    assert_eq!(ws.next().await, Got::Binary(vec![1, 2, 3]));
    assert_eq!(ws.next().await, Got::Binary(vec![]));
    let packet = PacketBuilder::new("file").binary(Bytes::from_static(b"\0\xff")).build();
    server.scene.last().emit(&packet);
    assert_eq!(ws.text().await, "451-[\"file\",{\"_placeholder\":true,\"num\":0}]");
    assert_eq!(ws.next().await, Got::Binary(vec![0, 255]));
}

#[tokio::test]
async fn a_client_answers_with_binary() {
    let server = Server::echo().await;
    let mut ws = server.joined().await;
    let socket = server.scene.last();
    let question = Packet::event("q", &1).expect("JSON");
    let asking = tokio::spawn(async move { socket.emit_with_ack(&question, ms(5000)).await });
    assert_eq!(ws.text().await, "420[\"q\",1]");
    ws.send("461-0[{\"_placeholder\":true,\"num\":0}]").await;
    ws.send_binary(b"bytes").await;
    let answer = soon(asking).await.expect("no panic").expect("an answer");
    assert_eq!(answer.binary(0), Some(&Bytes::from_static(b"bytes")));
}

#[tokio::test]
async fn binary_goes_over_polling_too() {
    let server = Server::echo().await;
    let sid = server.joined_polling().await;
    let body = "451-[\"x\",{\"_placeholder\":true,\"num\":0}]\x1ebAQID";
    server.post(&sid, body.as_bytes()).await;
    assert_eq!(server.poll(&sid).await.body, body);
    let (head, file) = body.split_once('\x1e').expect("two packets");
    server.post(&sid, head.as_bytes()).await;
    server.post(&sid, file.as_bytes()).await;
    assert_eq!(server.poll(&sid).await.body, body, "in two requests");
}

#[tokio::test]
async fn misplaced_binary_ends_the_connection() {
    let server = Server::echo().await;
    let one = "451-[\"x\",{\"_placeholder\":true,\"num\":0}]";
    let mut ws = server.joined().await;
    ws.send_binary(b"stray").await;
    assert_eq!(ws.end().await, Got::Close(None));
    ends(&[one, "42[\"in the middle\"]"]).await;
    for num in ["1", "-1", "\"0\"", "null", "0.5"] {
        let mut ws = server.joined().await;
        ws.send(&format!("451-[\"x\",{{\"_placeholder\":true,\"num\":{num}}}]")).await;
        ws.try_send_binary(b"x").await;
        assert_eq!(ws.end().await, Got::Close(None), "{num}");
    }
}

#[tokio::test]
async fn ten_attachments_are_enough_and_none_is_none() {
    let server = Server::echo().await;
    let mut ws = server.joined().await;
    ws.send("4510-[\"x\"]").await;
    for _ in 0..10 {
        ws.send_binary(b"f").await;
    }
    assert_eq!(ws.text().await, "4510-[\"x\"]");
    for _ in 0..10 {
        assert_eq!(ws.next().await, Got::Binary(b"f".to_vec()));
    }
    for packet in ["4511-[\"x\"]", "450-[\"x\"]", "45-[\"x\"]", "45[\"x\"]", "45+1-[\"x\"]"] {
        ends(&[packet]).await;
    }
    let config = Config { max_attachments: 1, ..Config::default() };
    let server = Server::start(config, Scene::echo()).await;
    let mut ws = server.joined().await;
    ws.send("452-[\"x\"]").await;
    assert_eq!(ws.end().await, Got::Close(None));
}

#[tokio::test]
async fn a_client_leaves_a_namespace_and_may_come_back() {
    let server = Server::echo().await;
    let mut ws = server.joined().await;
    let first = server.scene.last();
    ws.send("41").await;
    until(|| server.scene.ends() == [Reason::ClientDisconnect]).await;
    ws.send("40").await;
    assert!(ws.text().await.starts_with("40{"));
    assert!(ws.is_served().await);
    assert_ne!(server.scene.last().id(), first.id());
    assert!(!first.is_connected() && !first.emit(&Packet::event("x", &1).expect("JSON")));
}

#[tokio::test]
async fn the_server_disconnects_and_keeps_the_transport() {
    let server = Server::echo().await;
    server.io.namespace("/other", Arc::new(Scene::echo()));
    let mut ws = server.joined().await;
    ws.send("40/other").await;
    assert!(ws.text().await.starts_with("40/other,"));
    server.scene.last().disconnect();
    assert_eq!(ws.text().await, "41");
    assert_eq!(server.scene.ends(), [Reason::ServerDisconnect]);
    ws.send("42/other,[\"x\"]").await;
    assert_eq!(ws.text().await, "42/other,[\"x\"]");
    ws.send("40").await;
    assert!(ws.text().await.starts_with("40{"));
}

#[tokio::test]
async fn the_server_disconnects_and_closes_the_transport() {
    let server = Server::echo().await;
    let mut ws = server.joined().await;
    server.io.namespace("/other", Arc::new(Scene::echo()));
    server.scene.last().namespace().all().disconnect(true);
    assert_eq!(ws.text().await, "41");
    assert_eq!(ws.end().await, Got::Close(None));
}

#[tokio::test]
async fn many_namespaces_share_a_connection_and_nothing_else() {
    let server = Server::echo().await;
    let mut ws = server.ws().await;
    let mut ids = Vec::new();
    for number in 0..20 {
        server.io.namespace(&format!("/n{number}"), Arc::new(Scene::echo()));
        ws.send(&format!("40/n{number},")).await;
        let connect = ws.text().await;
        assert!(connect.starts_with(&format!("40/n{number},{{\"sid\":\"")), "{connect}");
        ids.push(connect);
    }
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 20);
    for number in (0..20).rev() {
        ws.send(&format!("42/n{number},0[\"x\",{number}]")).await;
        assert_eq!(ws.text().await, format!("43/n{number},0[{number}]"));
    }
    assert_eq!(server.io.connections(), 1);
}

#[tokio::test]
async fn a_repeated_event_is_answered_each_time() {
    let count = Arc::new(AtomicUsize::new(0));
    let seen = Arc::clone(&count);
    let scene = Scene::echo().on_event(move |_, mut event| {
        let times = seen.fetch_add(1, Ordering::Relaxed) + 1;
        event.take_ack().expect("it asks").send(&times).expect("a number is JSON");
        Turn::Done
    });
    let server = Server::start(Config::default(), scene).await;
    let mut ws = server.joined().await;
    for times in 1..=3 {
        ws.send("427[\"retried\"]").await;
        assert_eq!(ws.text().await, format!("437[{times}]"));
    }
}

#[tokio::test]
async fn an_answer_is_given_once_at_most() {
    let scene = Scene::echo().on_event(|_, mut event| {
        let ack = event.take_ack().expect("it asks");
        assert!(event.take_ack().is_none());
        drop(ack);
        Turn::Done
    });
    let server = Server::start(Config::default(), scene).await;
    let mut ws = server.joined().await;
    ws.send("420[\"x\"]").await;
    ws.send("41").await;
    ws.send("40").await;
    assert!(ws.text().await.starts_with("40{"), "nothing was answered");
}
