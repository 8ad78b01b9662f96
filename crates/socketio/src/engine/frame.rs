//! An outgoing Engine.IO packet, encoded once for every transport.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::{BufMut, Bytes, BytesMut};

use crate::websocket::frame::{put_head, server_head_len};

const TEXT: u8 = 0x1;
const BINARY: u8 = 0x2;

/// A packet: its WebSocket frame, whose payload is also its polling text. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Frame {
    bytes: Bytes,
    head: u8,
    binary: bool,
}

impl Frame {
    /// A text packet from its parts.
    pub(crate) fn text(parts: &[&[u8]]) -> Self {
        Self::new(TEXT, parts)
    }

    /// A binary message.
    pub(crate) fn binary(payload: &[u8]) -> Self {
        Self::new(BINARY, &[payload])
    }

    /// The heartbeat.
    pub(crate) fn ping() -> Self {
        Self { bytes: Bytes::from_static(b"\x81\x012"), head: 2, binary: false }
    }

    fn new(opcode: u8, parts: &[&[u8]]) -> Self {
        let len = parts.iter().map(|part| part.len()).sum();
        let head = server_head_len(len);
        let mut out = BytesMut::with_capacity(head + len);
        put_head(&mut out, opcode, len);
        parts.iter().for_each(|part| out.put_slice(part));
        Self { bytes: out.freeze(), head: head as u8, binary: opcode == BINARY }
    }

    /// The whole WebSocket frame.
    pub(crate) fn websocket(self) -> Bytes {
        self.bytes
    }

    /// Its size on a WebSocket.
    pub(crate) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Appends it to a polling payload.
    pub(crate) fn put_polling(&self, out: &mut String) {
        let payload = &self.bytes[usize::from(self.head)..];
        if self.binary {
            out.push('b');
            STANDARD.encode_string(payload, out);
        } else {
            out.push_str(&String::from_utf8_lossy(payload));
        }
    }
}
