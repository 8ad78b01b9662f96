//! What the engine can tell an operator.

use zvon_socketio::{Census, Packet, Traffic};

use crate::support::{Server, until};

#[tokio::test]
async fn a_census_counts_connections_by_transport_and_what_waits_for_them() {
    let server = Server::echo().await;
    assert_eq!(server.io.census(), Census::default());
    let mut ws = server.joined().await;
    let sid = server.joined_polling().await;
    let counted = Census { polling: 1, websocket: 1, ..Census::default() };
    assert_eq!(server.io.census(), counted);

    // Nobody polls, so what is said to the second one waits.
    let said = Packet::event("said", &"so").expect("JSON");
    server.scene.last().emit(&said);
    let waiting = server.io.census().waiting_bytes;
    assert!(waiting >= "42[\"said\",\"so\"]".len() as u64, "{waiting}");
    assert_eq!(server.io.census().most_waiting, waiting);
    server.poll(&sid).await;
    assert_eq!(server.io.census(), counted);

    let _upgraded = server.upgraded(&sid).await;
    until(|| server.io.census() == Census { websocket: 2, ..Census::default() }).await;
    ws.send("1").await;
    until(|| server.io.census().websocket == 1).await;
}

#[tokio::test]
async fn a_socket_knows_the_traffic_of_its_connection_beyond_its_end() {
    let server = Server::echo().await;
    let mut ws = server.joined().await;
    let socket = server.scene.last();
    let before = socket.traffic();
    assert_eq!(before.packets_in, 1, "the CONNECT");
    assert!(ws.is_served().await);
    let more =
        |by| Traffic { packets_in: before.packets_in + by, packets_out: before.packets_out + by };
    assert_eq!(socket.traffic(), more(1));
    ws.send("1").await;
    until(|| !socket.is_connected()).await;
    assert_eq!(socket.traffic(), more(1));
}

#[tokio::test]
async fn rooms_are_counted_while_somebody_is_in_them() {
    let server = Server::echo().await;
    let _ws = server.joined().await;
    let socket = server.scene.last();
    assert_eq!(socket.namespace().rooms_len(), 0);
    socket.join("one");
    socket.join("two");
    assert_eq!(socket.namespace().rooms_len(), 2);
    socket.leave("one");
    assert_eq!(socket.namespace().rooms_len(), 1);
}
