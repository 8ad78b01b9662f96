//! 2.1: the handshake and HTTP.

use std::borrow::Cow;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use http::request::Parts;
use zvon_socketio::{Config, Cors, Door, NodeId};

use crate::support::http::Answer;
use crate::support::server::{POLLING, WEBSOCKET};
use crate::support::ws::Ws;
use crate::support::{Got, Scene, Server, until};

fn error(answer: &Answer) -> (u16, &str) {
    assert_eq!(answer.header("content-type"), Some("application/json"));
    (answer.status, &answer.body)
}

#[tokio::test]
async fn the_path_has_a_slash_at_its_end() {
    let server = Server::echo().await;
    assert_eq!(server.send("GET", "/socket.io?EIO=4&transport=polling", b"").await.status, 404);
    assert_eq!(server.send("GET", "/socket.io/?EIO=4&transport=polling", b"").await.status, 200);
    assert_eq!(
        server.send("GET", "/socket.io/more?EIO=4&transport=polling", b"").await.status,
        200
    );
}

#[tokio::test]
async fn the_cache_buster_is_ignored() {
    let server = Server::echo().await;
    assert_eq!(server.send("GET", &format!("{POLLING}&t=Pq7x"), b"").await.status, 200);
}

#[tokio::test]
async fn a_version_that_is_missing_or_another_is_code_5() {
    let server = Server::echo().await;
    for query in ["transport=polling", "EIO=3&transport=polling", "EIO=abc&transport=polling"] {
        let answer = server.send("GET", &format!("/socket.io/?{query}"), b"").await;
        let body = r#"{"code":5,"message":"Unsupported protocol version"}"#;
        assert_eq!(error(&answer), (400, body), "{query}");
    }
}

#[tokio::test]
async fn a_polling_session_opens_byte_for_byte() {
    let server = Server::echo().await;
    let answer = server.send("GET", POLLING, b"").await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), Some("text/plain; charset=UTF-8"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_eq!(answer.header("content-length"), Some(answer.body.len().to_string().as_str()));
    let sid = answer.body.get(9..29).expect("an id");
    assert!(sid.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'-' || c == b'_'), "{sid}");
    let open = format!(
        r#"0{{"sid":"{sid}","upgrades":["websocket"],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}}"#
    );
    assert_eq!(answer.body, open);
}

#[tokio::test]
async fn a_session_id_carries_the_nodes_id() {
    let node = NodeId::random();
    let config = Config { node_id: Some(node.clone()), ..Config::default() };
    let server = Server::start(config, Scene::echo()).await;
    let sid = server.open().await;
    assert!(sid.starts_with(node.as_str()), "{sid}");
    assert_eq!(sid.len(), NodeId::LEN + 20);
    assert_eq!(NodeId::of_query(&format!("sid={sid}")), Some(node));
}

#[tokio::test]
async fn errors_have_their_codes() {
    let server = Server::echo().await;
    let sid = server.open().await;
    let cases = [
        ("GET", "EIO=4".to_owned(), 0, "Transport unknown"),
        ("GET", "EIO=4&transport=abc".to_owned(), 0, "Transport unknown"),
        ("GET", "EIO=4&transport=webtransport".to_owned(), 0, "Transport unknown"),
        ("GET", "EIO=4&transport=polling&sid=nobody".to_owned(), 1, "Session ID unknown"),
        ("POST", "EIO=4&transport=polling&sid=nobody".to_owned(), 1, "Session ID unknown"),
        ("POST", "EIO=4&transport=polling".to_owned(), 2, "Bad handshake method"),
        ("PUT", "EIO=4&transport=polling".to_owned(), 2, "Bad handshake method"),
        ("OPTIONS", "EIO=4&transport=polling".to_owned(), 2, "Bad handshake method"),
        ("GET", "EIO=4&transport=websocket".to_owned(), 3, "Bad request"),
        ("GET", format!("EIO=4&transport=websocket&sid={sid}"), 3, "Bad request"),
    ];
    for (method, query, code, message) in cases {
        let answer = server.send(method, &format!("/socket.io/?{query}"), b"").await;
        let body = format!(r#"{{"code":{code},"message":"{message}"}}"#);
        assert_eq!(error(&answer), (400, body.as_str()), "{method} {query}");
    }
}

#[tokio::test]
async fn an_empty_session_id_is_none() {
    let server = Server::echo().await;
    assert_eq!(server.send("GET", &format!("{POLLING}&sid="), b"").await.status, 200);
}

#[tokio::test]
async fn an_origin_with_bad_characters_is_code_3() {
    let server = Server::echo().await;
    let pending = server.pending("GET", POLLING, &[("origin", "http://b\u{fc}ro")], b"").await;
    let answer = pending.answer().await;
    assert_eq!(error(&answer), (400, r#"{"code":3,"message":"Bad request"}"#));
}

#[tokio::test]
async fn an_upgrade_with_another_version_than_its_session_is_code_3() {
    let server = Server::echo().await;
    let sid = server.open().await;
    let target = format!("/socket.io/?transport=websocket&sid={sid}");
    assert_eq!(Ws::dial(server.addr, &target).await.err(), Some((400, "Bad request".to_owned())));
    assert_eq!(server.post(&sid, b"3").await.status, 200, "the session lives");
}

/// Lets in who asks nicely.
#[derive(Debug)]
struct Polite;

impl Door for Polite {
    fn open<'a>(&'a self, request: &'a Parts) -> BoxFuture<'a, Result<(), Cow<'static, str>>> {
        let query = request.uri.query().unwrap_or_default();
        let answer = match query.contains("please") {
            true => Ok(()),
            false => Err("Say \"please\"".into()),
        };
        Box::pin(std::future::ready(answer))
    }
}

#[tokio::test]
async fn who_is_not_allowed_hears_why_with_code_4() {
    let config = Config { door: Some(Arc::new(Polite)), ..Config::default() };
    let server = Server::start(config, Scene::echo()).await;
    let answer = server.send("GET", POLLING, b"").await;
    assert_eq!(error(&answer), (403, r#"{"code":4,"message":"Say \"please\""}"#));
    let refused = Ws::dial(server.addr, WEBSOCKET).await.err();
    assert_eq!(refused, Some((400, "Say \"please\"".to_owned())));
    let answer = server.send("GET", &format!("{POLLING}&please"), b"").await;
    assert_eq!(answer.status, 200);
}

#[tokio::test]
async fn another_method_with_a_session_is_500() {
    let server = Server::echo().await;
    let sid = server.open().await;
    let answer = server.send("PUT", &format!("{POLLING}&sid={sid}"), b"").await;
    assert_eq!((answer.status, answer.body.as_str()), (500, ""));
}

#[tokio::test]
async fn a_post_is_answered_ok() {
    let server = Server::echo().await;
    let sid = server.open().await;
    let answer = server.post(&sid, b"40").await;
    assert_eq!((answer.status, answer.body.as_str()), (200, "ok"));
    assert_eq!(answer.header("content-type"), Some("text/html"));
    assert_eq!(answer.header("content-length"), Some("2"));
}

#[tokio::test]
async fn a_post_of_octets_closes_the_session() {
    let server = Server::echo().await;
    let sid = server.open().await;
    let octets = [("content-type", "application/octet-stream")];
    let pending = server.pending("POST", &format!("{POLLING}&sid={sid}"), &octets, b"4x").await;
    let answer = pending.answer().await;
    assert_eq!((answer.status, answer.body.as_str()), (400, ""));
    assert_eq!(error(&server.poll(&sid).await).1, r#"{"code":1,"message":"Session ID unknown"}"#);
}

#[tokio::test]
async fn a_post_that_is_too_long_is_413_and_the_session_stays() {
    let server = Server::echo().await;
    let sid = server.joined_polling().await;
    let long = vec![b'4'; 1_000_001];
    let answer = server.post(&sid, &long).await;
    assert_eq!((answer.status, answer.body.as_str()), (413, ""));
    assert_eq!(server.post(&sid, b"42[\"x\"]").await.body, "ok");
    assert_eq!(server.poll(&sid).await.body, "42[\"x\"]");
}

#[tokio::test]
async fn a_million_bytes_fit_and_one_more_does_not() {
    let server = Server::echo().await;
    let mut ws = server.joined().await;
    let text = |bytes: usize| format!("42[\"x\",\"{}\"]", "a".repeat(bytes - 10));
    let whole = text(1_000_000);
    assert_eq!(whole.len(), 1_000_000);
    ws.send(&whole).await;
    assert_eq!(ws.text().await, whole);
    ws.try_send(&text(1_000_001)).await;
    assert_eq!(ws.end().await, Got::Close(Some(1009)));
}

#[tokio::test]
async fn the_limit_counts_bytes_not_characters() {
    let config = Config { max_payload: 64, ..Config::default() };
    let server = Server::start(config, Scene::echo()).await;
    let sid = server.joined_polling().await;
    let fits = "42[\"x\",\"жжжжжжжжжж\"]";
    assert_eq!(server.post(&sid, fits.as_bytes()).await.status, 200);
    let long = format!("42[\"x\",\"{}\"]", "ж".repeat(28));
    assert!(long.chars().count() < 64 && long.len() > 64);
    assert_eq!(server.post(&sid, long.as_bytes()).await.status, 413);
}

async fn cors_of(server: &Server, target: &str) -> [Option<String>; 3] {
    let pending = server.pending("GET", target, &[("origin", "https://other.example")], b"").await;
    let answer = pending.answer().await;
    ["access-control-allow-origin", "vary", "access-control-allow-credentials"]
        .map(|name| answer.header(name).map(str::to_owned))
}

#[tokio::test]
async fn without_cors_no_header_says_so() {
    let server = Server::echo().await;
    assert_eq!(cors_of(&server, POLLING).await, [None, None, None]);
}

#[tokio::test]
async fn a_fixed_origin_is_told_to_whoever_asks_errors_included() {
    let cors = Some(Cors::fixed("https://app.example"));
    let server = Server::start(Config { cors, ..Config::default() }, Scene::echo()).await;
    let told = ["https://app.example", "Origin", "true"].map(|text| Some(text.to_owned()));
    assert_eq!(cors_of(&server, POLLING).await, told);
    assert_eq!(cors_of(&server, "/socket.io/?EIO=4").await, told);
}

#[tokio::test]
async fn any_origin_is_a_star_without_credentials() {
    let config = Config { cors: Some(Cors::any()), ..Config::default() };
    let server = Server::start(config, Scene::echo()).await;
    assert_eq!(cors_of(&server, POLLING).await, [Some("*".to_owned()), None, None]);
}

/// The head of the answer to an upgrade.
async fn upgrade_head(server: &Server, headers: &[(&str, &str)]) -> String {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let mut all = vec![
        ("connection", "Upgrade"),
        ("upgrade", "websocket"),
        ("sec-websocket-version", "13"),
        ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ];
    all.extend_from_slice(headers);
    let mut stream = tokio::net::TcpStream::connect(server.addr).await.expect("it listens");
    let request = crate::support::http::request("GET", WEBSOCKET, &all, b"");
    stream.write_all(&request).await.expect("it reads");
    let mut bytes = vec![0; 4096];
    let read = stream.read(&mut bytes).await.expect("it answers");
    let text = String::from_utf8_lossy(&bytes[..read]).to_lowercase();
    text.split("\r\n\r\n").next().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn the_switch_to_a_websocket_carries_cors_too() {
    let cors = Some(Cors::fixed("https://app.example"));
    let server = Server::start(Config { cors, ..Config::default() }, Scene::echo()).await;
    let head = upgrade_head(&server, &[]).await;
    assert!(head.starts_with("http/1.1 101"), "{head}");
    assert!(head.contains("sec-websocket-accept: s3pplmbitxaq9kygzzhzrbk+xoo="), "{head}");
    assert!(head.contains("access-control-allow-origin: https://app.example"), "{head}");
    assert!(head.contains("access-control-allow-credentials: true"), "{head}");
}

#[tokio::test]
async fn a_preflight_is_answered_with_what_was_asked() {
    let cors = Some(Cors::fixed("https://app.example"));
    let server = Server::start(Config { cors, ..Config::default() }, Scene::echo()).await;
    let asked = [
        ("origin", "https://app.example"),
        ("access-control-request-method", "POST"),
        ("access-control-request-headers", "x-one, x-two"),
    ];
    let answer = server.pending("OPTIONS", POLLING, &asked, b"").await.answer().await;
    assert_eq!((answer.status, answer.body.as_str()), (204, ""));
    let methods = answer.header("access-control-allow-methods");
    assert_eq!(methods, Some("GET,HEAD,PUT,PATCH,POST,DELETE"));
    assert_eq!(answer.header("access-control-allow-headers"), Some("x-one, x-two"));
    assert_eq!(answer.header("access-control-allow-origin"), Some("https://app.example"));
    // The reference says 0; RFC 9110 wants no length with this status, and hyper sends none.
    assert_eq!(answer.header("content-length"), None);
}

#[tokio::test]
async fn no_cookie_and_no_compression_are_sent() {
    let server = Server::echo().await;
    let accepts = [("accept-encoding", "gzip, deflate")];
    let answer = server.pending("GET", POLLING, &accepts, b"").await.answer().await;
    assert_eq!(answer.header("set-cookie"), None);
    assert_eq!(answer.header("content-encoding"), None);
}

#[tokio::test]
async fn permessage_deflate_is_not_accepted() {
    let server = Server::echo().await;
    let offers = [("sec-websocket-extensions", "permessage-deflate; client_max_window_bits")];
    let head = upgrade_head(&server, &offers).await;
    assert!(head.starts_with("http/1.1 101"), "{head}");
    assert!(!head.contains("sec-websocket-extensions"), "{head}");
}

#[tokio::test]
async fn a_full_server_refuses_with_503() {
    let config = Config { max_connections: Some(1), ..Config::default() };
    let server = Server::start(config, Scene::echo()).await;
    server.open().await;
    let answer = server.send("GET", POLLING, b"").await;
    assert_eq!((answer.status, answer.header("retry-after")), (503, Some("1")));
}

#[tokio::test]
async fn one_address_has_so_many_connections_and_gets_its_seats_back() {
    let config = Config { max_per_address: Some(2), ..Config::default() };
    let server = Server::start(config, Scene::echo()).await;
    let polling = server.open().await;
    let ws = server.ws().await;
    for _ in 0..2 {
        let answer = server.send("GET", POLLING, b"").await;
        let body = r#"{"code":4,"message":"Too many connections"}"#;
        assert_eq!(error(&answer), (429, body));
        assert_eq!(answer.header("retry-after"), Some("1"));
    }
    drop(ws);
    until(|| server.io.connections() == 1).await;
    assert_eq!(server.send("GET", POLLING, b"").await.status, 200);
    assert_eq!(server.send("GET", POLLING, b"").await.status, 429);
    drop(polling);
}
