//! Sessions whose owner cannot be asked: the client hears that its session is unknown.

use std::time::{Duration, Instant};

use super::client::{Pending, Ws, open, poll, polling, post};
use super::cluster::{Cluster, KEY, Node, until};

/// A session at `owner` that has been polled through `other` before.
fn relayed(owner: &Node, other: &Node) -> String {
    let sid = open(owner);
    assert_eq!(post(other, &sid, b"40").text(), "ok");
    assert_eq!(poll(other, &sid).status, 200);
    sid
}

fn is_lost(node: &Node, sid: &str, outcome: &str) -> Duration {
    let (name, label) = ("zvon_relay_sent_total", format!("\"{outcome}\""));
    let before = node.metric(name, &label);
    let begun = Instant::now();
    let answer = poll(node, sid);
    let took = begun.elapsed();
    assert!(answer.is_unknown_session(), "{}\n{}", answer.head, answer.text());
    assert_eq!(node.metric(name, &label), before + 1.0, "{outcome}");
    assert!(post(node, sid, b"40").is_unknown_session());
    let refusal = Ws::open(node, sid).err().unwrap();
    assert!(refusal.starts_with("HTTP/1.1 400 ") && refusal.ends_with("\r\nSession ID unknown"));
    took
}

#[test]
fn a_node_that_is_not_in_the_registry() {
    let cluster = Cluster::new();
    let (owner, other) = (cluster.node(&[]), cluster.node(&[]));
    let sid = open(&owner);
    std::fs::remove_file(cluster.entry(&owner.id)).unwrap();
    // The owner enters itself again at its next beat.
    owner.signal("-STOP");
    let _ = std::fs::remove_file(cluster.entry(&owner.id));
    is_lost(&other, &sid, "unknown_node");
    owner.signal("-CONT");
    until("it is back", || cluster.entry(&owner.id).exists());
    assert_eq!(post(&other, &sid, b"40").text(), "ok");
}

#[test]
fn a_node_that_was_killed() {
    let cluster = Cluster::new();
    let (mut owner, other) = (cluster.node(&[]), cluster.node(&[]));
    let sid = relayed(&owner, &other);
    let pending = Pending::send(other.public, "GET", &polling(&sid), "", b"");
    until("the owner has it", || owner.metric("zvon_relay_open", "\"in\"") == 1.0);
    owner.kill();
    let begun = Instant::now();
    assert!(pending.answer().is_unknown_session(), "a poll that waits is answered");
    assert!(begun.elapsed() < Duration::from_secs(2));
    is_lost(&other, &sid, "unreachable");
}

#[test]
fn a_node_that_is_frozen() {
    let cluster = Cluster::new();
    let (owner, other) = (cluster.node(&[]), cluster.node(&[]));
    let fresh = cluster.node(&[]);
    let sid = relayed(&owner, &other);
    owner.signal("-STOP");
    for node in [&other, &fresh] {
        let took = is_lost(node, &sid, "silent");
        assert!(took >= Duration::from_millis(450) && took < Duration::from_secs(2), "{took:?}");
    }
    owner.signal("-CONT");
    // What it finds of the requests that were given up is aborted: that session is over.
    until("it answers again", || post(&other, &open(&owner), b"40").text() == "ok");
}

#[test]
fn a_node_with_another_key() {
    let cluster = Cluster::new();
    let owner = cluster.node(&[]);
    let other = cluster.node_with(&["a key that is of quite another cluster than it"], &[]);
    is_lost(&other, &open(&owner), "refused");
    assert!(owner.metric("zvon_relay_refused_total", "unknown_key") >= 1.0);
    is_lost(&owner, &open(&other), "refused");
}

#[test]
fn keys_that_are_being_changed_are_no_reason() {
    let cluster = Cluster::new();
    let new = "the key that comes after the one they had";
    let nodes = [
        cluster.node(&[]),
        cluster.node_with(&[KEY, new], &[]),
        cluster.node_with(&[new, KEY], &[]),
        cluster.node_with(&[new], &[]),
    ];
    for (one, other) in [(0, 1), (1, 0), (1, 2), (2, 1), (2, 3), (3, 2)] {
        relayed(&nodes[one], &nodes[other]);
    }
    is_lost(&nodes[3], &open(&nodes[0]), "refused");
}

#[test]
fn another_node_at_the_address_of_the_one_that_was() {
    let cluster = Cluster::new();
    let (mut owner, other) = (cluster.node(&[]), cluster.node(&[]));
    let sid = relayed(&owner, &other);
    let at = owner.internal.to_string();
    owner.kill();
    let next = cluster.node(&["--internal", &at]);
    is_lost(&other, &sid, "refused");
    assert!(next.metric("zvon_relay_refused_total", "other_target") >= 1.0);
    relayed(&next, &other);
}

#[test]
fn an_entry_that_leads_back_to_who_asks() {
    let cluster = Cluster::new();
    let (owner, other) = (cluster.node(&[]), cluster.node(&[]));
    let sid = open(&owner);
    owner.signal("-STOP");
    std::fs::write(cluster.entry(&owner.id), other.internal.to_string()).unwrap();
    is_lost(&other, &sid, "refused");
    assert!(other.metric("zvon_relay_refused_total", "loop") >= 1.0);
    let third = cluster.node(&[]);
    is_lost(&third, &sid, "refused");
    assert!(other.metric("zvon_relay_refused_total", "other_target") >= 1.0, "and never goes on");
    owner.signal("-CONT");
}

#[test]
fn more_than_may_be_relayed_at_a_time() {
    let cluster = Cluster::new();
    let (owner, other) = (cluster.node(&[]), cluster.node(&["--most", "1"]));
    let sids = [open(&owner), open(&owner)];
    let first = Pending::send(other.public, "GET", &polling(&sids[0]), "", b"");
    until("it waits", || owner.metric("zvon_relay_open", "\"in\"") == 1.0);
    is_lost(&other, &sids[1], "full");
    assert_eq!(post(&owner, &sids[0], b"40").text(), "ok");
    assert_eq!(first.answer().status, 200);
    until("there is room", || post(&other, &sids[1], b"40").text() == "ok");
}

#[test]
fn more_than_the_owner_takes_at_a_time() {
    let cluster = Cluster::new();
    let (owner, other) = (cluster.node(&["--most", "1"]), cluster.node(&[]));
    let sids = [open(&owner), open(&owner)];
    let first = Pending::send(other.public, "GET", &polling(&sids[0]), "", b"");
    until("it waits", || owner.metric("zvon_relay_open", "\"in\"") == 1.0);
    assert!(poll(&other, &sids[1]).is_unknown_session());
    drop(first);
}
