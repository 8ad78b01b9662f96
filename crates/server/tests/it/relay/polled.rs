//! Polling at whichever node.

use super::client::{Pending, open, poll, polling, post, sign_in};
use super::cluster::{Cluster, Node, until};

/// Emits a command and answers its ack, the request at one node, the answer from another.
fn command(at: [&Node; 2], sid: &str, id: u32, arguments: &str) -> String {
    let sent = post(at[0], sid, format!("42{id}{arguments}").as_bytes());
    assert_eq!((sent.status, sent.text().as_str()), (200, "ok"));
    let ack = format!("43{id}[");
    loop {
        let answer = poll(at[1], sid);
        assert_eq!(answer.status, 200, "{}", answer.text());
        let text = answer.text();
        if let Some(packet) = text.split('\x1e').find(|packet| packet.starts_with(&ack)) {
            return packet.to_owned();
        }
    }
}

#[test]
fn a_session_lives_at_every_node_and_costs_no_connect_each_time() {
    let cluster = Cluster::new();
    let nodes = [cluster.node(&[]), cluster.node(&[]), cluster.node(&[])];
    let token = nodes[0].register("ann@example.org");
    let sid = sign_in(&nodes[0], &nodes[1], &token);
    for id in 0..60 {
        let at = [&nodes[id as usize % 3], &nodes[(id as usize / 3) % 3]];
        let ack = command(at, &sid, id, r#"["users:list",{"limit":1}]"#);
        assert!(ack.contains("ann@example.org") || ack.contains("\"success\""), "{ack}");
    }
    for node in &nodes[1..] {
        assert!(node.metric("zvon_relay_sent_total", "\"ok\"") >= 30.0);
        assert!(node.metric("zvon_relay_connects_total", "") <= 2.0, "they are kept");
        assert_eq!(node.metric("zvon_connections", ""), 0.0, "counted on one node alone");
        assert_eq!(node.metric("zvon_relay_open", ""), 0.0);
    }
    assert_eq!(nodes[0].metric("zvon_connections", ""), 1.0);
}

#[test]
fn what_is_posted_and_polled_is_as_it_would_be_at_the_owner() {
    let cluster = Cluster::new();
    let (owner, other) = (cluster.node(&[]), cluster.node(&[]));
    let token = owner.register("ann@example.org");
    let said = |at: &Node| {
        let sid = sign_in(&owner, at, &token);
        let million = format!("421[\"no such command\",\"{}\"]", "x".repeat(999_970));
        let posts: Vec<(u16, String)> = [
            b"451-2[\"users:list\",{\"_placeholder\":true,\"num\":0}]\x1ebAAECAwT/".to_vec(),
            million.into_bytes(),
            vec![b'4'; 1_000_001],
        ]
        .iter()
        .map(|payload| {
            let answer = post(at, &sid, payload);
            (answer.status, answer.text())
        })
        .collect();
        let wrong = at.ask("PUT", &polling(&sid), "", b"").status;
        until("the binary command is answered", || poll(at, &sid).text().contains("432["));
        (posts, wrong)
    };
    let (direct, relayed) = (said(&owner), said(&other));
    assert_eq!(direct, relayed);
    assert_eq!(direct.0[0], (200, "ok".to_owned()));
    assert_eq!(direct.0[1], (200, "ok".to_owned()));
    assert_eq!(direct.0[2].0, 413);
}

#[test]
fn a_large_answer_comes_whole() {
    let cluster = Cluster::new();
    let (owner, other) = (cluster.node(&[]), cluster.node(&[]));
    let token = owner.register("ann@example.org");
    let bob = owner.register("bob@example.org");
    let head = format!("authorization: Bearer {token}\r\ncontent-type: application/json\r\n");
    let of_bob = format!("authorization: Bearer {bob}\r\n");
    let bob = owner.ask("GET", "/auth/me", &of_bob, b"").field("id");
    let made = owner.ask("POST", "/chats", &head, format!(r#"{{"userId":"{bob}"}}"#).as_bytes());
    let chat = made.field("id");
    let text = format!(r#"{{"content":"{}"}}"#, "x".repeat(16_000));
    for _ in 0..50 {
        let path = format!("/chats/{chat}/messages");
        assert_eq!(owner.ask("POST", &path, &head, text.as_bytes()).status, 201);
    }
    let sid = sign_in(&owner, &other, &token);
    let ack =
        command([&other, &other], &sid, 7, &format!(r#"["chat:get",{{"recipientId":"{bob}"}}]"#));
    assert!(ack.len() > 800_000, "{}", ack.len());
    assert_eq!(ack.matches("xxxxxxxxxxxxxxxx").count(), 50 * 1000);
}

#[test]
fn cross_origin_headers_are_said_once_and_a_preflight_is_answered_anywhere() {
    let cluster = Cluster::new();
    let (owner, other) = (cluster.node(&["--ping", "200"]), cluster.node(&[]));
    let sid = open(&owner);
    let direct = poll(&owner, &sid);
    let relayed = poll(&other, &open(&owner));
    assert_eq!((direct.status, direct.text()), (relayed.status, relayed.text()));
    let without_time = |head: &str| {
        let lines = head.lines().filter(|line| !line.starts_with("date: "));
        let mut lines: Vec<String> = lines.map(str::to_owned).collect();
        lines.sort_unstable();
        lines
    };
    assert_eq!(without_time(&direct.head), without_time(&relayed.head));
    for name in ["access-control-allow-origin", "access-control-allow-credentials", "vary"] {
        assert_eq!(relayed.headers(name).len(), 1, "{name}");
    }
    let asks = "origin: http://localhost:3000\r\naccess-control-request-method: POST\r\n\
         access-control-request-headers: content-type\r\n";
    let preflight = other.ask("OPTIONS", &polling(&sid), asks, b"");
    assert_eq!(preflight.status, 204);
    assert_eq!(preflight.headers("access-control-allow-headers"), ["content-type"]);
    assert_eq!(other.metric("zvon_relay_sent_total", ""), 1.0, "but for the poll");
}

#[test]
fn a_client_that_goes_away_in_the_middle_of_a_poll_releases_it_at_the_owner() {
    let cluster = Cluster::new();
    let (owner, other) = (cluster.node(&[]), cluster.node(&[]));
    let sid = open(&owner);
    let pending = Pending::send(other.public, "GET", &polling(&sid), "", b"");
    until("the owner has it", || owner.metric("zvon_relay_open", "\"in\"") == 1.0);
    drop(pending);
    // As with one of its own that is aborted, the session is over.
    until("the session is over", || owner.metric("zvon_connections", "") == 0.0);
    until("nothing is open", || {
        owner.metric("zvon_relay_open", "") + other.metric("zvon_relay_open", "") == 0.0
    });
    assert_eq!(other.metric("zvon_relay_sent_total", "\"aborted\""), 1.0);
    assert!(poll(&other, &sid).is_unknown_session());
}

#[test]
fn two_polls_of_a_session_at_two_nodes_are_still_two() {
    let cluster = Cluster::new();
    let nodes = [cluster.node(&[]), cluster.node(&[]), cluster.node(&[])];
    let sid = open(&nodes[0]);
    let first = Pending::send(nodes[1].public, "GET", &polling(&sid), "", b"");
    until("the owner has it", || nodes[0].metric("zvon_relay_open", "\"in\"") == 1.0);
    assert_eq!(poll(&nodes[2], &sid).status, 400);
    drop(first);
}

#[test]
fn connections_of_an_address_are_counted_by_the_clients_own_on_one_node_alone() {
    let cluster = Cluster::new();
    let (owner, other) =
        (cluster.node(&["--per-address", "2"]), cluster.node(&["--per-address", "1"]));
    let client = "x-forwarded-for: 198.51.100.7\r\n";
    let path = "/socket.io/?EIO=4&transport=polling";
    let sids = [0, 1].map(|_| owner.ask("GET", path, client, b"").field("sid"));
    assert_eq!(owner.ask("GET", path, client, b"").status, 429);
    let pending = sids.map(|sid| Pending::send(other.public, "GET", &polling(&sid), client, b""));
    until("the owner has both", || owner.metric("zvon_relay_open", "\"in\"") == 2.0);
    assert_eq!(other.ask("GET", path, client, b"").status, 200, "its own place is free");
    assert_eq!(other.ask("GET", path, client, b"").status, 429);
    drop(pending);
}
