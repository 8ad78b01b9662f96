//! HTTP, Engine.IO and WebSockets by hand: says exactly what it is told.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use super::cluster::Node;

/// What was answered.
pub(super) struct Answer {
    pub(super) status: u16,
    /// In small letters.
    pub(super) head: String,
    pub(super) body: Vec<u8>,
}

impl Answer {
    pub(super) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// All values of a header.
    pub(super) fn headers(&self, name: &str) -> Vec<&str> {
        let lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.filter(|(found, _)| *found == name).map(|(_, value)| value).collect()
    }

    /// A text of the JSON body.
    pub(super) fn field(&self, name: &str) -> String {
        let text = self.text();
        let start = text.find(&format!("\"{name}\":\"")).unwrap() + name.len() + 4;
        text[start..].split('"').next().unwrap().to_owned()
    }

    /// Whether it is what a session that is unknown is answered, byte for byte.
    pub(super) fn is_unknown_session(&self) -> bool {
        self.status == 400
            && self.body == br#"{"code":1,"message":"Session ID unknown"}"#
            && self.headers("content-type") == ["application/json"]
            && self.headers("access-control-allow-origin") == ["http://localhost:3000"]
    }
}

/// A request that has been sent, but not answered. Dropping it aborts it.
pub(super) struct Pending(TcpStream);

impl Pending {
    pub(super) fn send(to: SocketAddr, method: &str, path: &str, head: &str, body: &[u8]) -> Self {
        let mut stream = TcpStream::connect(to).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let length = body.len();
        let text = format!(
            "{method} {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\
             content-length: {length}\r\n{head}\r\n"
        );
        stream.write_all(&[text.as_bytes(), body].concat()).unwrap();
        Self(stream)
    }

    pub(super) fn answer(mut self) -> Answer {
        let mut bytes = Vec::new();
        self.0.read_to_end(&mut bytes).unwrap();
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").expect("a head");
        let head = String::from_utf8(bytes[..end].to_vec()).unwrap().to_lowercase();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        let body = bytes[end + 4..].to_vec();
        let chunked = head.contains("transfer-encoding: chunked");
        Answer { status, body: if chunked { unchunked(&body) } else { body }, head }
    }
}

fn unchunked(mut rest: &[u8]) -> Vec<u8> {
    let mut whole = Vec::new();
    while let Some(end) = rest.windows(2).position(|two| two == b"\r\n") {
        let size = usize::from_str_radix(std::str::from_utf8(&rest[..end]).unwrap(), 16).unwrap();
        whole.extend_from_slice(&rest[end + 2..end + 2 + size]);
        rest = &rest[end + 4 + size..];
    }
    whole
}

/// One request and its answer.
pub(super) fn ask(to: SocketAddr, method: &str, path: &str, head: &str, body: &[u8]) -> Answer {
    Pending::send(to, method, path, head, body).answer()
}

/// The path of a session's polling requests.
pub(super) fn polling(sid: &str) -> String {
    format!("/socket.io/?EIO=4&transport=polling&sid={sid}")
}

/// Opens a polling session; its id.
pub(super) fn open(node: &Node) -> String {
    let answer = node.ask("GET", "/socket.io/?EIO=4&transport=polling", "", b"");
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.field("sid")
}

/// Polls a session at a node.
pub(super) fn poll(node: &Node, sid: &str) -> Answer {
    node.ask("GET", &polling(sid), "", b"")
}

/// Sends a payload to a session at a node.
pub(super) fn post(node: &Node, sid: &str, payload: &[u8]) -> Answer {
    node.ask("POST", &polling(sid), "content-type: text/plain;charset=UTF-8\r\n", payload)
}

/// Opens a session at `owner` and signs in, all but the first request at `other`.
pub(super) fn sign_in(owner: &Node, other: &Node, token: &str) -> String {
    let sid = open(owner);
    let connect = format!(r#"40{{"token":"Bearer {token}"}}"#);
    assert_eq!(post(other, &sid, connect.as_bytes()).text(), "ok");
    let mut heard = String::new();
    while !heard.contains("connection:established") {
        let answer = poll(other, &sid);
        assert_eq!(answer.status, 200, "{}", answer.text());
        heard.push_str(&answer.text());
    }
    assert!(heard.contains("40{\"sid\""), "{heard}");
    assert!(!heard.contains(&owner.id), "nothing tells of the node: {heard}");
    sid
}

/// A WebSocket.
pub(super) struct Ws(TcpStream);

impl Ws {
    /// Asks for one for a session; the refusal if there is one.
    pub(super) fn open(node: &Node, sid: &str) -> Result<Self, String> {
        let mut stream = TcpStream::connect(node.public).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let text = format!(
            "GET /socket.io/?EIO=4&transport=websocket&sid={sid} HTTP/1.1\r\nhost: localhost\r\n\
             connection: keep-alive, Upgrade\r\nupgrade: websocket\r\n\
             sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        );
        stream.write_all(text.as_bytes()).unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            assert_eq!(stream.read(&mut byte).unwrap(), 1, "it ended");
            head.push(byte[0]);
        }
        let head = String::from_utf8(head).unwrap();
        if head.starts_with("HTTP/1.1 101 ") {
            assert!(head.to_lowercase().contains("s3pplmbitxaq9kygzzhzrbk+xoo="), "{head}");
            assert!(!head.contains("x-zvon"), "{head}");
            return Ok(Self(stream));
        }
        let mut rest = String::new();
        stream.read_to_string(&mut rest).unwrap();
        Err(head + &rest)
    }

    /// Sends a text; the mask is zero.
    pub(super) fn send(&mut self, text: &str) {
        let length = u16::try_from(text.len()).unwrap();
        let mut frame = vec![0x81, 0x80 | 126];
        frame.extend_from_slice(&length.to_be_bytes());
        frame.extend_from_slice(&[0; 4]);
        frame.extend_from_slice(text.as_bytes());
        self.0.write_all(&frame).unwrap();
    }

    /// The next text; `None` if it has ended.
    pub(super) fn next(&mut self) -> Option<String> {
        let mut head = [0; 2];
        self.0.read_exact(&mut head).ok()?;
        let mut length = u64::from(head[1]);
        if length == 126 {
            let mut more = [0; 2];
            self.0.read_exact(&mut more).ok()?;
            length = u64::from(u16::from_be_bytes(more));
        } else if length == 127 {
            let mut more = [0; 8];
            self.0.read_exact(&mut more).ok()?;
            length = u64::from_be_bytes(more);
        }
        let mut text = vec![0; usize::try_from(length).unwrap()];
        self.0.read_exact(&mut text).ok()?;
        (head[0] == 0x81).then(|| String::from_utf8(text).unwrap())
    }

    /// The first packet that begins like that.
    pub(super) fn hear(&mut self, kind: &str) -> String {
        loop {
            let text = self.next().unwrap_or_else(|| panic!("it ended without {kind}"));
            if text.starts_with(kind) {
                return text;
            }
        }
    }
}
