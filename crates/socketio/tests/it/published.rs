//! Faults that were found in other servers of these protocols, each by the name it was published
//! under: none of them is one here.

use std::time::{Duration, Instant};

use zvon_socketio::Config;

use crate::hostile::Raw;
use crate::support::http::{Pending, request};
use crate::support::server::{POLLING, WEBSOCKET};
use crate::support::{Got, Scene, Server};

/// Each of these packets ends its connection, and no other.
async fn ends_its_connection(packets: &[&str]) {
    let server = Server::echo().await;
    let mut witness = server.joined().await;
    for packet in packets {
        let mut ws = server.joined().await;
        ws.send(packet).await;
        assert!(matches!(ws.end().await, Got::Close(_)), "{packet}");
        assert!(witness.is_served().await, "{packet}");
    }
}

/// After this request the server still serves.
async fn survives(server: &Server, bytes: &[u8]) {
    let sent = Pending::send(server.addr, bytes).await;
    drop(sent);
    assert_eq!(server.send("GET", POLLING, b"").await.status, 200);
}

#[tokio::test]
async fn cve_2020_28481_no_origin_is_allowed_unless_one_is_configured() {
    let server = Server::echo().await;
    let headers = [("origin", "https://evil.example.org")];
    let sent = server.pending("GET", POLLING, &headers, b"").await;
    let answer = sent.answer().await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("access-control-allow-origin"), None);
}

#[tokio::test]
async fn cve_2020_36048_a_large_post_is_refused_without_being_kept() {
    let config = Config { max_payload: 1000, ..Config::default() };
    let server = Server::start(config, Scene::echo()).await;
    let sid = server.open().await;
    assert_eq!(server.post(&sid, &[b'4'; 1001]).await.status, 413);
    let target = format!("{POLLING}&sid={sid}");
    let head = format!("POST {target} HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\n");
    let mut endless = head.into_bytes();
    for _ in 0..200 {
        endless.extend(b"3e8\r\n");
        endless.extend([b'4'; 1000]);
        endless.extend(b"\r\n");
    }
    survives(&server, &endless).await;
}

#[tokio::test]
async fn cve_2020_36049_and_2026_33151_attachments_are_few_and_counted_before_they_come() {
    let many = format!("45{}-[\"x\"]", "9".repeat(1000));
    let packets = ["4511-[\"x\"]", "451000000-[\"x\"]", "45-[\"x\"]", "4618446744073709551616-[]"];
    ends_its_connection(&packets).await;
    ends_its_connection(&[&many]).await;
}

#[tokio::test]
async fn cve_2022_2421_and_2023_32695_a_packet_is_of_the_types_it_has_to_be_of() {
    ends_its_connection(&[
        "42[{\"toString\":\"foo\"}]",
        "42[[\"x\"]]",
        "42[null]",
        "42[true,1]",
        "42{\"0\":\"x\",\"length\":1}",
        "42\"x\"",
        "42[]",
        "432[{}",
        "43{\"length\":1}",
        "40\"x\"",
        "40[\"x\"]",
    ])
    .await;
    let server = Server::echo().await;
    for number in ["\"splice\"", "-1", "1.5", "10", "null", "{}", "1e300"] {
        let mut ws = server.joined().await;
        ws.send(&format!("451-[\"x\",{{\"_placeholder\":true,\"num\":{number}}}]")).await;
        ws.send_binary(b"attachment").await;
        assert!(matches!(ws.end().await, Got::Close(_)), "{number}");
    }
}

#[tokio::test]
async fn cve_2022_21676_2022_41940_and_2023_31125_no_request_ends_the_process() {
    let server = Server::echo().await;
    let upgrade = [
        ("connection", "Upgrade"),
        ("upgrade", "websocket"),
        ("sec-websocket-version", "13"),
        ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ];
    for target in [
        WEBSOCKET,
        "/socket.io/?EIO=4&transport=websocket&sid=unknown",
        "/socket.io/?EIO=3&transport=websocket",
        "/socket.io/?EIO=4&transport=polling&b64=1&j=0",
        "/socket.io/?EIO=4&transport=websocket&sid=__proto__",
        "/socket.io/?EIO=4&transport=polling&sid[]=x&transport=websocket",
        "/socket.io/?EIO=4&EIO=3&transport=polling&transport=websocket",
        "/socket.io/?%",
    ] {
        survives(&server, &request("GET", target, &upgrade, b"")).await;
        survives(&server, &request("GET", target, &[], b"")).await;
        survives(&server, &request("POST", target, &[], b"2probe")).await;
        survives(&server, &request("OPTIONS", target, &upgrade, b"")).await;
    }
    let sid = server.open().await;
    let target = format!("{WEBSOCKET}&sid={sid}");
    for _ in 0..20 {
        survives(&server, &request("GET", &target, &upgrade, b"")).await;
    }
}

#[tokio::test]
async fn cve_2024_38355_an_event_called_error_is_an_event() {
    let server = Server::echo().await;
    let mut ws = server.joined().await;
    ws.send("42[\"error\",{\"message\":\"x\"}]").await;
    assert_eq!(ws.text().await, "42[\"error\",{\"message\":\"x\"}]");
    assert!(ws.is_served().await);
}

#[tokio::test]
async fn cve_2021_32640_a_header_is_read_in_the_time_of_its_length() {
    let server = Server::echo().await;
    let protocol = format!("a,{}b", " ".repeat(7000));
    let headers = [
        ("connection", "Upgrade"),
        ("upgrade", "websocket"),
        ("sec-websocket-version", "13"),
        ("sec-websocket-protocol", protocol.as_str()),
        ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ];
    let begun = Instant::now();
    for _ in 0..50 {
        survives(&server, &request("GET", WEBSOCKET, &headers, b"")).await;
    }
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn cve_2024_37890_many_headers_cost_their_own_request() {
    let server = Server::echo().await;
    let names: Vec<String> = (0..3000).map(|n| format!("x{n}")).collect();
    let headers: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "x")).collect();
    let mut all = vec![("connection", "Upgrade"), ("upgrade", "websocket")];
    all.extend(headers);
    survives(&server, &request("GET", WEBSOCKET, &all, b"")).await;
}

#[tokio::test]
async fn cve_2026_48779_tiny_pieces_are_counted() {
    let server = Server::echo().await;
    let mut raw = Raw::joined(&server).await;
    raw.frame(0x01, b"4").await;
    for _ in 0..2000 {
        raw.frame(0x00, b"x").await;
    }
    let said = raw.rest().await;
    assert_eq!(said, [0x88, 2, 0x03, 0xf1], "1009, long before it is a megabyte");
}
