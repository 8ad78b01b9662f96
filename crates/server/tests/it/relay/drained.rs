//! Nodes that go down in good order.

use std::net::TcpStream;

use super::client::{Pending, Ws, open, polling, post};
use super::cluster::{Cluster, until};

#[test]
fn an_owner_that_drains_answers_for_its_sessions_to_their_end() {
    let cluster = Cluster::new();
    let (owner, other) = (cluster.node(&["--drain", "4000"]), cluster.node(&[]));
    let sids: Vec<String> = (0..50).map(|_| open(&owner)).collect();
    owner.signal("-TERM");
    until("its public port is closed", || TcpStream::connect(owner.public).is_err());
    let answered = sids.iter().filter(|sid| post(&other, sid, b"40").text() == "ok").count();
    assert!(answered > 0, "those that are not closed yet");
    assert!(cluster.entry(&owner.id).exists());
    until("it leaves the registry", || !cluster.entry(&owner.id).exists());
    assert!(sids.iter().all(|sid| post(&other, sid, b"40").is_unknown_session()));
}

#[test]
fn a_node_that_drains_still_relays_what_is_under_way() {
    let cluster = Cluster::new();
    let (owner, other) = (cluster.node(&[]), cluster.node(&["--drain", "3000"]));
    let sids = [open(&owner), open(&owner)];
    let pending = Pending::send(other.public, "GET", &polling(&sids[0]), "", b"");
    let mut ws = Ws::open(&other, &sids[1]).unwrap();
    until("the owner has it", || owner.metric("zvon_relay_open", "\"in\"") == 1.0);
    other.signal("-TERM");
    until("its public port is closed", || TcpStream::connect(other.public).is_err());
    assert_eq!(post(&owner, &sids[0], b"40").text(), "ok");
    let answer = pending.answer();
    assert_eq!((answer.status, answer.text().contains("44{")), (200, true), "{}", answer.text());
    ws.send("2probe");
    assert_eq!(ws.next().as_deref(), Some("3probe"));
    while ws.next().is_some() {}
    until("it has left", || !cluster.entry(&other.id).exists());
}
