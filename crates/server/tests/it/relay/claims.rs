//! S16 of relayed requests: what the internal port takes, and from whom.

use std::net::SocketAddr;
use std::time::{SystemTime, UNIX_EPOCH};

use axum::http::Method;
use zvon_gateway::parsers::{Claim, Keys};

use super::client::{Answer, ask, open, polling};
use super::cluster::{Cluster, KEY, Node};

#[expect(clippy::disallowed_methods, reason = "the nodes run by the system's clock")]
fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    i64::try_from(since.as_millis()).unwrap()
}

/// A claim as another node would make it, for a POST of a session.
fn claim(owner: &Node, number: u64) -> Claim {
    let client: SocketAddr = "198.51.100.7:5678".parse().unwrap();
    let (target, sender) = (owner.id.parse().unwrap(), "sender00".parse().unwrap());
    Claim { at: now(), number, target, sender, client }
}

fn sign(key: &str, claim: &Claim, path: &str) -> String {
    Keys::derive([key]).sign(claim, &Method::POST, path).unwrap().text
}

fn send(owner: &Node, path: &str, texts: &[&str]) -> Answer {
    let head: String = texts.iter().map(|text| format!("x-zvon-relay: {text}\r\n")).collect();
    ask(owner.internal, "POST", path, &head, b"40")
}

fn is_refused(owner: &Node, answer: &Answer, reason: &str) -> bool {
    answer.status == 403
        && answer.body.is_empty()
        && answer.headers("x-zvon-relay-proof").is_empty()
        && owner.metric("zvon_relay_refused_total", reason) == 1.0
}

#[test]
fn a_good_claim_is_taken_once_and_proved() {
    let cluster = Cluster::new();
    let owner = cluster.node(&[]);
    let path = polling(&open(&owner));
    let signed = Keys::derive([KEY]).sign(&claim(&owner, 1), &Method::POST, &path).unwrap();
    let answer = send(&owner, &path, &[&signed.text]);
    assert_eq!(answer.status, 200);
    assert_eq!(answer.headers("x-zvon-relay-proof"), [signed.proof.to_lowercase()]);
    assert!(answer.text().starts_with("200\n") && answer.text().ends_with("\n\nok"));
    let again = send(&owner, &path, &[&signed.text]);
    assert!(is_refused(&owner, &again, "replayed"));
}

#[test]
fn every_other_claim_is_refused() {
    let cluster = Cluster::new();
    let owner = cluster.node(&[]);
    let path = polling(&open(&owner));
    let good = || claim(&owner, 1);
    let late = Claim { at: now() - 30_500, ..good() };
    let early = Claim { at: now() + 31_500, ..good() };
    let elsewhere = Claim { target: "another0".parse().unwrap(), ..good() };
    let own = Claim { sender: owner.id.parse().unwrap(), ..good() };
    let forged = sign(KEY, &good(), &path).replace("198.51.100.7", "192.0.2.1");
    let other_key = sign("a key that is of quite another cluster", &good(), &path);
    for (text, reason) in [
        (sign(KEY, &late, &path), "expired"),
        (sign(KEY, &elsewhere, &path), "other_target"),
        (sign(KEY, &own, &path), "loop"),
        (forged, "bad_signature"),
        (other_key, "unknown_key"),
        ("v1 and nothing more".to_owned(), "malformed"),
    ] {
        assert!(is_refused(&owner, &send(&owner, &path, &[&text]), reason), "{reason}");
    }
    assert_eq!(send(&owner, &path, &[&sign(KEY, &early, &path)]).status, 403);
    let other_path = sign(KEY, &good(), &path.replace("polling", "websocket"));
    assert_eq!(send(&owner, &path, &[&other_path]).status, 403);
    assert_eq!(send(&owner, &path, &[]).status, 403);
    let text = sign(KEY, &good(), &path);
    assert_eq!(send(&owner, &path, &[&text, &text]).status, 403, "two claims are none");
    assert_eq!(send(&owner, &path, &[&text]).status, 200, "and it was good all the time");
}

#[test]
fn no_session_begins_at_the_internal_port_and_no_other_path_is_there() {
    let cluster = Cluster::new();
    let owner = cluster.node(&[]);
    let begin = "/socket.io/?EIO=4&transport=polling";
    let own = format!("/auth/login?sid={}", open(&owner));
    let foreign = polling("another0aaaaaaaaaaaaaaaaaaaa");
    for (number, path) in [begin, &own, &foreign].into_iter().enumerate() {
        let text = sign(KEY, &claim(&owner, number as u64 + 1), path);
        assert_eq!(send(&owner, path, &[&text]).status, 403, "{path}");
    }
    assert_eq!(owner.metric("zvon_relay_refused_total", "no_session"), 3.0);
}

#[test]
fn a_claim_at_the_public_port_is_nothing() {
    let cluster = Cluster::new();
    let (owner, other) = (cluster.node(&["--per-address", "1"]), cluster.node(&[]));
    let begin = "/socket.io/?EIO=4&transport=polling";
    let text = Keys::derive([KEY]).sign(&claim(&owner, 1), &Method::GET, begin).unwrap().text;
    let head = format!("x-zvon-relay: {text}\r\n");
    let first = owner.ask("GET", begin, &head, b"");
    assert_eq!(first.status, 200);
    assert_eq!(owner.ask("GET", begin, "", b"").status, 429, "it was counted by its own address");
    let answer = other.ask("POST", &polling(&first.field("sid")), &head, b"40");
    assert_eq!(answer.text(), "ok", "and is not passed on");
    assert!(answer.headers("x-zvon-relay-proof").is_empty());
}
