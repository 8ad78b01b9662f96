//! Rooms and exceptions.

use std::sync::Arc;

use zvon_socketio::{Packet, Socket};

use crate::support::{Server, Ws};

pub fn packet(name: &str) -> Packet {
    Packet::event(name, &1).expect("JSON")
}

/// Three clients and their sockets.
pub async fn three(server: &Server) -> (Vec<Ws>, Vec<Arc<Socket>>) {
    let (mut clients, mut sockets) = (Vec::new(), Vec::new());
    for _ in 0..3 {
        clients.push(server.joined().await);
        sockets.push(server.scene.last());
    }
    (clients, sockets)
}

/// Which clients hear an event before the one that ends the test.
async fn heard_by(clients: &mut [Ws], name: &str, sockets: &[Arc<Socket>]) -> Vec<bool> {
    sockets[0].namespace().all().emit(&packet("end"));
    let mut heard = Vec::new();
    for client in clients {
        let mut times = 0;
        loop {
            let text = client.text().await;
            if text == "42[\"end\",1]" {
                break;
            }
            assert_eq!(text, format!("42[\"{name}\",1]"));
            times += 1;
        }
        assert!(times <= 1, "once at most");
        heard.push(times == 1);
    }
    heard
}

#[tokio::test]
async fn a_room_hears_what_is_said_to_it_once() {
    let server = Server::echo().await;
    let (mut clients, sockets) = three(&server).await;
    let namespace = sockets[0].namespace();
    sockets[0].join("red");
    sockets[1].join("red");
    sockets[1].join("blue");
    assert_eq!(namespace.to("red").emit(&packet("x")), 2);
    assert_eq!(heard_by(&mut clients, "x", &sockets).await, [true, true, false]);
    assert_eq!(namespace.to("red").to("blue").emit(&packet("y")), 2);
    assert_eq!(heard_by(&mut clients, "y", &sockets).await, [true, true, false]);
    assert_eq!(namespace.to("nowhere").emit(&packet("z")), 0);
    assert_eq!(heard_by(&mut clients, "z", &sockets).await, [false, false, false]);
}

#[tokio::test]
async fn exceptions_hear_nothing() {
    let server = Server::echo().await;
    let (mut clients, sockets) = three(&server).await;
    let namespace = sockets[0].namespace();
    for socket in &sockets {
        socket.join("red");
    }
    sockets[2].join("blue");
    assert_eq!(namespace.to("red").except("blue").emit(&packet("x")), 2);
    assert_eq!(heard_by(&mut clients, "x", &sockets).await, [true, true, false]);
    assert_eq!(namespace.to("red").except_socket(sockets[0].id()).emit(&packet("y")), 2);
    assert_eq!(heard_by(&mut clients, "y", &sockets).await, [false, true, true]);
    assert_eq!(namespace.all().except("red").emit(&packet("z")), 0);
    assert_eq!(heard_by(&mut clients, "z", &sockets).await, [false, false, false]);
}

#[tokio::test]
async fn a_socket_is_alone_in_the_room_of_its_id() {
    let server = Server::echo().await;
    let (mut clients, sockets) = three(&server).await;
    let namespace = sockets[0].namespace();
    assert_eq!(namespace.to(sockets[1].id().as_str()).emit(&packet("x")), 1);
    assert_eq!(heard_by(&mut clients, "x", &sockets).await, [false, true, false]);
}

#[tokio::test]
async fn who_leaves_a_room_hears_no_more() {
    let server = Server::echo().await;
    let (mut clients, sockets) = three(&server).await;
    let namespace = sockets[0].namespace();
    namespace.all().join("red");
    assert_eq!(namespace.room_len("red"), 3);
    sockets[0].leave("red");
    sockets[0].leave("red");
    assert_eq!(namespace.to("red").emit(&packet("x")), 2);
    assert_eq!(heard_by(&mut clients, "x", &sockets).await, [false, true, true]);
    namespace.to("red").leave("red");
    assert_eq!(namespace.room_len("red"), 0);
}

#[tokio::test]
async fn who_ends_is_in_no_room() {
    let server = Server::echo().await;
    let (clients, sockets) = three(&server).await;
    sockets.iter().for_each(|socket| socket.join("red"));
    drop(clients);
    crate::support::until(|| server.scene.ends().len() == 3).await;
    let namespace = sockets[0].namespace();
    assert_eq!((namespace.room_len("red"), namespace.len()), (0, 0));
    sockets[0].join("red");
    assert_eq!(namespace.room_len("red"), 0, "an ended socket joins nothing");
}
