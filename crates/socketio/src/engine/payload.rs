//! Polling payloads: packets joined by `\x1e`, binary ones in base64.

use std::collections::VecDeque;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;

use super::frame::Frame;

pub(crate) const SEPARATOR: char = '\x1e';

/// One packet of a payload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// A type digit and its data.
    Text(String),
    /// A binary message.
    Binary(Bytes),
}

/// A payload whose packets are taken one by one, so that a long one costs no more than its bytes.
#[derive(Clone, Debug)]
pub struct Payload {
    body: Bytes,
    /// Where the next packet begins; none if there is no more.
    at: Option<usize>,
}

impl Payload {
    /// Begins at the first packet.
    ///
    /// # Errors
    /// `()` if the body is not UTF-8.
    #[expect(clippy::result_unit_err, reason = "there is nothing to say but that it is wrong")]
    pub fn new(body: Bytes) -> Result<Self, ()> {
        simdutf8::basic::from_utf8(&body).map_err(|_| ())?;
        Ok(Self { body, at: Some(0) })
    }
}

impl Iterator for Payload {
    /// A packet, or `()` if it is none: empty, of an unknown type, bad base64.
    type Item = Result<Part, ()>;

    fn next(&mut self) -> Option<Self::Item> {
        let from = self.at?;
        let rest = &self.body[from..];
        let len = rest.iter().position(|byte| *byte == SEPARATOR as u8);
        self.at = len.map(|len| from + len + 1);
        Some(part(&rest[..len.unwrap_or(rest.len())]))
    }
}

fn part(packet: &[u8]) -> Result<Part, ()> {
    match packet.first() {
        Some(b'b') => STANDARD.decode(&packet[1..]).map(|b| Part::Binary(b.into())).map_err(|_| ()),
        Some(b'0'..=b'6') => String::from_utf8(packet.to_vec()).map(Part::Text).map_err(|_| ()),
        _ => Err(()),
    }
}

/// Joins packets.
#[must_use]
pub fn encode_payload(parts: &[Part]) -> String {
    let mut out = String::new();
    for (index, part) in parts.iter().enumerate() {
        if index > 0 {
            out.push(SEPARATOR);
        }
        match part {
            Part::Text(text) => out.push_str(text),
            Part::Binary(bytes) => {
                out.push('b');
                STANDARD.encode_string(bytes, &mut out);
            }
        }
    }
    out
}

/// Joins frames into the body of a poll's answer.
pub(crate) fn join(frames: &VecDeque<Frame>) -> String {
    let mut out = String::new();
    for (index, frame) in frames.iter().enumerate() {
        if index > 0 {
            out.push(SEPARATOR);
        }
        frame.put_polling(&mut out);
    }
    out
}
