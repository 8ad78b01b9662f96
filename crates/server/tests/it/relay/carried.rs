//! WebSockets through another node.

use super::client::{Ws, open, poll, sign_in};
use super::cluster::{Cluster, Node, until};

/// Changes a polling session over to a WebSocket at a node.
fn upgrade(node: &Node, sid: &str) -> Ws {
    let mut ws = Ws::open(node, sid).unwrap();
    ws.send("2probe");
    assert_eq!(ws.next().as_deref(), Some("3probe"));
    ws.send("5");
    ws
}

/// The same, once the owner has it.
fn upgraded(owner: &Node, other: &Node) -> Ws {
    let ws = upgrade(other, &open(owner));
    until("it has changed over", || owner.metric("zvon_upgrades_total", "") == 1.0);
    ws
}

#[test]
fn an_upgrade_at_another_node_goes_through_to_the_owner() {
    let cluster = Cluster::new();
    let (owner, other) = (cluster.node(&[]), cluster.node(&[]));
    let token = owner.register("ann@example.org");
    let sid = sign_in(&owner, &other, &token);
    let mut ws = upgrade(&other, &sid);
    for id in 0..100 {
        ws.send(&format!(r#"42{id}["users:list",{{"limit":1}}]"#));
    }
    for id in 0..100 {
        let ack = ws.hear("43");
        assert!(ack.starts_with(&format!("43{id}[")), "in order: {ack}");
    }
    assert_eq!(owner.metric("zvon_connections", "websocket"), 1.0);
    assert_eq!(other.metric("zvon_connections", ""), 0.0);
    assert_eq!(other.metric("zvon_relay_open", "\"out\""), 1.0);
    assert_eq!(owner.metric("zvon_upgrades_total", ""), 1.0);
    drop(ws);
    until("the owner notices", || owner.metric("zvon_connections", "") == 0.0);
    until("nothing is open", || other.metric("zvon_relay_open", "") == 0.0);
}

#[test]
fn the_heartbeat_goes_through_and_its_want_ends_both_sides() {
    let cluster = Cluster::new();
    let (owner, other) = (cluster.node(&["--ping", "200"]), cluster.node(&[]));
    let sid = open(&owner);
    let mut ws = upgrade(&other, &sid);
    for _ in 0..5 {
        ws.hear("2");
        ws.send("3");
    }
    while ws.next().is_some() {}
    until("nothing is open", || other.metric("zvon_relay_open", "") == 0.0);
    assert_eq!(owner.metric("zvon_connections", ""), 0.0);
}

#[test]
fn an_owner_that_is_killed_ends_the_websocket_at_once() {
    let cluster = Cluster::new();
    let (mut owner, other) = (cluster.node(&[]), cluster.node(&[]));
    let mut ws = upgraded(&owner, &other);
    owner.kill();
    while ws.next().is_some() {}
    until("nothing is open", || other.metric("zvon_relay_open", "") == 0.0);
}

#[test]
fn a_node_between_that_is_killed_ends_the_session_at_its_owner() {
    let cluster = Cluster::new();
    let (owner, mut other) = (cluster.node(&[]), cluster.node(&[]));
    let mut ws = upgraded(&owner, &other);
    other.kill();
    while ws.next().is_some() {}
    until("the owner notices", || owner.metric("zvon_connections", "") == 0.0);
}

#[test]
fn an_upgrade_that_is_refused_is_refused_as_by_the_owner() {
    let cluster = Cluster::new();
    let (owner, other) = (cluster.node(&[]), cluster.node(&[]));
    let sid = open(&owner);
    let ws = upgrade(&other, &sid);
    until("it has changed over", || owner.metric("zvon_upgrades_total", "") == 1.0);
    drop(ws);
    until("the session is over", || owner.metric("zvon_connections", "") == 0.0);
    let lines = |text: String| {
        let mut lines: Vec<String> = text.to_lowercase().lines().map(str::to_owned).collect();
        lines.retain(|line| !line.starts_with("date: "));
        lines.sort_unstable();
        lines
    };
    let refusal = |node: &Node| lines(Ws::open(node, &sid).err().unwrap());
    assert_eq!(refusal(&other), refusal(&owner));
    assert!(refusal(&other).contains(&"session id unknown".to_owned()));
    assert!(poll(&other, &sid).is_unknown_session());
}
