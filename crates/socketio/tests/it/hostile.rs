//! Bytes of strangers: whatever they are, they cost their own connection and no more.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use zvon_socketio::{Admission, Config, Packet, Reason, Turn};

use crate::support::http::request;
use crate::support::server::WEBSOCKET;
use crate::support::{Got, Scene, Server, soon, until};

/// A WebSocket without a library: frames as they are.
pub struct Raw(TcpStream);

impl Raw {
    /// In the namespace `/`, with everything up to its CONNECT read.
    pub async fn joined(server: &Server) -> Self {
        let mut raw = Self::open(server).await;
        raw.frame(0x81, b"40").await;
        raw.text().await;
        raw
    }

    /// A short text frame.
    async fn text(&mut self) -> Vec<u8> {
        let head = self.read(2).await;
        assert!(head[0] == 0x81 && head[1] < 126, "{head:?}");
        self.read(usize::from(head[1])).await
    }

    /// Open, with its open packet read.
    pub async fn open(server: &Server) -> Self {
        let headers = [
            ("connection", "Upgrade"),
            ("upgrade", "websocket"),
            ("sec-websocket-version", "13"),
            ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
        ];
        let mut stream = TcpStream::connect(server.addr).await.expect("it listens");
        let request = request("GET", WEBSOCKET, &headers, b"");
        stream.write_all(&request).await.expect("it reads");
        let mut raw = Self(stream);
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.extend(raw.read(1).await);
        }
        raw.text().await;
        raw
    }

    /// A masked frame with this first byte.
    pub async fn frame(&mut self, first: u8, payload: &[u8]) {
        let mask = [1, 2, 3, 4];
        let length = payload.len();
        let mut bytes = vec![first];
        if length < 126 {
            bytes.push(0x80 | length as u8);
        } else {
            bytes.push(0x80 | 126);
            bytes.extend((length as u16).to_be_bytes());
        }
        bytes.extend(mask);
        bytes.extend(payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask));
        self.bytes(&bytes).await;
    }

    pub async fn bytes(&mut self, bytes: &[u8]) {
        // It may have been closed already; then there is nothing to say.
        let _ = self.0.write_all(bytes).await;
    }

    pub async fn read(&mut self, count: usize) -> Vec<u8> {
        let mut bytes = vec![0; count];
        soon(self.0.read_exact(&mut bytes)).await.expect("it answers");
        bytes
    }

    /// Everything until the end.
    pub async fn rest(mut self) -> Vec<u8> {
        let mut bytes = Vec::new();
        soon(self.0.read_to_end(&mut bytes)).await.expect("it ends in order");
        bytes
    }
}

fn close(code: u16) -> Vec<u8> {
    [&[0x88, 2][..], &code.to_be_bytes()].concat()
}

#[tokio::test]
async fn frames_that_no_client_may_send_have_their_close_codes() {
    let server = Server::echo().await;
    let cases: [(&str, Vec<u8>, u16); 9] = [
        ("not masked", vec![0x81, 0x02, b'4', b'0'], 1002),
        ("a reserved bit", vec![0xc1, 0x82, 0, 0, 0, 0, b'4', b'0'], 1002),
        ("an unknown opcode", vec![0x83, 0x80, 0, 0, 0, 0], 1002),
        ("a ping in pieces", vec![0x09, 0x80, 0, 0, 0, 0], 1002),
        ("a long ping", vec![0x89, 0xfe, 0, 126, 0, 0, 0, 0], 1002),
        ("a middle without a beginning", vec![0x80, 0x80, 0, 0, 0, 0], 1002),
        ("two beginnings", vec![1, 0x80, 0, 0, 0, 0, 1, 0x80, 0, 0, 0, 0], 1002),
        ("not UTF-8", vec![0x81, 0x81, 0, 0, 0, 0, 0xff], 1007),
        ("too long", vec![0x82, 0xff, 255, 255, 255, 255, 255, 255, 255, 255, 0, 0, 0, 0], 1009),
    ];
    for (what, bytes, code) in cases {
        let mut raw = Raw::joined(&server).await;
        raw.bytes(&bytes).await;
        assert_eq!(raw.rest().await, close(code), "{what}");
    }
    assert!(server.joined().await.is_served().await);
}

#[tokio::test]
async fn what_came_before_a_bad_frame_is_handled() {
    let (said, heard) = std::sync::mpsc::channel();
    let scene = Scene::echo().on_event(move |_, event| {
        said.send(event.name).expect("somebody listens");
        Turn::Done
    });
    let server = Server::start(Config::default(), scene).await;
    let mut raw = Raw::joined(&server).await;
    let mut bytes = vec![0x81, 0x80 | 8, 0, 0, 0, 0];
    bytes.extend(b"42[\"ok\"]");
    bytes.extend([0x83, 0x80, 0, 0, 0, 0]);
    raw.bytes(&bytes).await;
    assert_eq!(raw.rest().await, close(1002));
    until(|| heard.try_recv().is_ok_and(|name| name == "ok")).await;
}

#[tokio::test]
async fn a_length_that_overflows_is_too_long() {
    let server = Server::echo().await;
    let mut raw = Raw::joined(&server).await;
    raw.frame(0x02, b"piece").await;
    raw.bytes(&[0x80, 0xff, 255, 255, 255, 255, 255, 255, 255, 255, 0, 0, 0, 0]).await;
    assert_eq!(raw.rest().await, close(1009));
}

#[tokio::test]
async fn endless_pieces_are_refused() {
    let server = Server::echo().await;
    let mut raw = Raw::joined(&server).await;
    raw.frame(0x01, b"").await;
    for _ in 0..1100 {
        raw.frame(0x00, b"").await;
    }
    assert_eq!(raw.rest().await, close(1009));
}

#[tokio::test]
async fn deep_nesting_ends_the_connection_and_not_the_process() {
    let server = Server::echo().await;
    let deep = format!("42[\"x\",{}{}]", "[".repeat(100_000), "]".repeat(100_000));
    let mut ws = server.joined().await;
    ws.send(&deep).await;
    assert_eq!(ws.end().await, Got::Close(None));
    let mut ws = server.joined().await;
    ws.send(&format!("42[\"x\",{}", "[".repeat(900_000))).await;
    assert_eq!(ws.end().await, Got::Close(None));
    assert!(server.joined().await.is_served().await);
}

#[tokio::test]
async fn random_bytes_end_their_connection_and_not_the_process() {
    let server = Server::echo().await;
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    for _ in 0..200 {
        let noise: Vec<u8> = (0..64)
            .map(|_| {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                state as u8
            })
            .collect();
        Raw::joined(&server).await.bytes(&noise).await;
        let mut http = TcpStream::connect(server.addr).await.expect("it listens");
        http.write_all(&noise).await.expect("it reads");
    }
    assert!(server.joined().await.is_served().await);
    until(|| server.io.connections() <= 1).await;
}

#[tokio::test]
async fn a_thousand_connects_to_nowhere_are_answered_or_cut_off() {
    let server = Server::echo().await;
    let mut ws = server.ws().await;
    for number in 0..1000 {
        ws.send(&format!("40/nowhere{number}")).await;
        assert!(ws.text().await.starts_with("44/nowhere"));
    }
}

#[tokio::test]
async fn a_handler_that_panics_costs_its_connection() {
    let scene = Scene::echo()
        .authorize(|request| {
            assert!(request.auth.is_none(), "a bug in the product");
            Ok(Admission::new(()))
        })
        .on_event(|socket, event| match event.name.as_str() {
            "panic" => panic!("a bug in the product"),
            "panic later" => Turn::Serial(Box::pin(async { panic!("a bug in the product") })),
            name => {
                socket.emit(&Packet::from_args(Some(name), &event.args));
                Turn::Done
            }
        });
    let server = Server::start(Config::default(), scene).await;
    for name in ["panic", "panic later"] {
        let mut ws = server.joined().await;
        ws.send(&format!("42[\"{name}\"]")).await;
        assert_eq!(ws.end().await, Got::Close(None));
    }
    assert_eq!(server.scene.ends(), [Reason::ServerError; 2]);
    let mut ws = server.ws().await;
    ws.send("40{}").await;
    assert_eq!(ws.end().await, Got::Close(None), "while it was let in");
    assert!(server.joined().await.is_served().await);
    until(|| server.io.connections() <= 1).await;
}
