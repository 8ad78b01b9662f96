//! Polling payloads: packets joined by `\x1e`, binary ones in base64.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;

/// The separator.
const SEPARATOR: char = '\x1e';

/// One packet of a payload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// A type digit and its data.
    Text(String),
    /// A binary message.
    Binary(Bytes),
}

/// Takes a payload apart.
///
/// # Errors
/// `()` if it is no payload: not UTF-8, an empty packet, an unknown type, bad base64.
#[expect(clippy::result_unit_err, reason = "there is nothing to say but that it is wrong")]
pub fn split_payload(body: &[u8]) -> Result<Vec<Part>, ()> {
    let text = simdutf8::basic::from_utf8(body).map_err(|_| ())?;
    text.split(SEPARATOR).map(part).collect()
}

fn part(text: &str) -> Result<Part, ()> {
    match text.as_bytes().first() {
        Some(b'b') => STANDARD.decode(&text[1..]).map(|b| Part::Binary(b.into())).map_err(|_| ()),
        Some(b'0'..=b'6') => Ok(Part::Text(text.to_owned())),
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
pub(crate) fn join(frames: &[super::frame::Frame]) -> String {
    let mut out = String::new();
    for (index, frame) in frames.iter().enumerate() {
        if index > 0 {
            out.push(SEPARATOR);
        }
        frame.put_polling(&mut out);
    }
    out
}
