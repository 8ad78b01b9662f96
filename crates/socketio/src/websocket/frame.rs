//! Frames: a decoder that can be fed any piece of a stream, and the server's unmasked frames.
//!
//! The decoder keeps nothing but what belongs to an unfinished frame or message. It refuses
//! whatever a client must not send with the close code to answer; it never panics and never
//! allocates ahead of what has come.

use bytes::{BufMut, Bytes, BytesMut};

/// A normal closure needs no code; these say what was wrong.
pub const PROTOCOL_ERROR: u16 = 1002;
/// A text that is not UTF-8.
pub const INVALID_DATA: u16 = 1007;
/// A message that is too long, or in too many pieces.
pub const TOO_BIG: u16 = 1009;

/// Most frames of one message.
const FRAGMENTS: u32 = 1024;

/// What a client said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// A text message.
    Text(String),
    /// A binary message.
    Binary(Bytes),
    /// A ping, to be answered with the same bytes.
    Ping(Bytes),
    /// A pong.
    Pong,
    /// The end.
    Close,
}

#[derive(Debug)]
struct Head {
    fin: bool,
    opcode: u8,
    mask: [u8; 4],
    left: u64,
    turned: usize,
}

/// As much of a frame's head as has come: two bytes, the rest of the length, the mask.
#[derive(Debug, Default)]
struct Start {
    bytes: [u8; 14],
    len: usize,
}

impl Start {
    fn bytes(&self) -> &[u8] {
        &self.bytes[..self.len]
    }

    fn add(&mut self, more: &[u8]) {
        self.bytes[self.len..self.len + more.len()].copy_from_slice(more);
        self.len += more.len();
    }
}

/// Takes a byte stream apart into messages.
#[derive(Debug)]
pub struct Decoder {
    max: usize,
    /// The beginning of a frame whose head is not complete.
    start: Start,
    head: Option<Head>,
    control: Vec<u8>,
    /// The unfinished message: whether it is binary, its bytes, its frames.
    message: Option<(bool, Vec<u8>, u32)>,
}

impl Decoder {
    /// For messages of at most `max` bytes.
    #[must_use]
    pub fn new(max: usize) -> Self {
        Self { max, start: Start::default(), head: None, control: Vec::new(), message: None }
    }

    /// Takes bytes from the front of `input` until a message is complete or nothing is left.
    ///
    /// # Errors
    /// The close code to answer; the stream is lost then.
    pub fn next(&mut self, input: &mut &[u8]) -> Result<Option<Message>, u16> {
        loop {
            if self.head.is_none() {
                match self.read_head(input)? {
                    Some(head) => self.head = Some(head),
                    None => return Ok(None),
                }
            }
            self.read_payload(input);
            let finished = self.head.take_if(|head| head.left == 0);
            let Some(head) = finished else { return Ok(None) };
            if let Some(message) = self.finish(&head)? {
                return Ok(Some(message));
            }
        }
    }

    fn read_head(&mut self, input: &mut &[u8]) -> Result<Option<Head>, u16> {
        loop {
            let need = head_len(self.start.bytes());
            if let [first, second, ..] = self.start.bytes()
                && (first & 0x70 != 0 || second & 0x80 == 0)
            {
                return Err(PROTOCOL_ERROR);
            }
            if self.start.len == need {
                let start = std::mem::take(&mut self.start);
                return self.parse_head(start.bytes()).map(Some);
            }
            let take = (need - self.start.len).min(input.len());
            if take == 0 {
                return Ok(None);
            }
            self.start.add(&input[..take]);
            *input = &input[take..];
        }
    }

    fn parse_head(&mut self, bytes: &[u8]) -> Result<Head, u16> {
        let (fin, opcode) = (bytes[0] & 0x80 != 0, bytes[0] & 0x0f);
        let mask_at = bytes.len() - 4;
        let left = match bytes[1] & 0x7f {
            126 => u64::from(u16::from_be_bytes([bytes[2], bytes[3]])),
            127 => bytes[2..10].iter().fold(0, |sum, byte| (sum << 8) | u64::from(*byte)),
            short => u64::from(short),
        };
        let mask = [bytes[mask_at], bytes[mask_at + 1], bytes[mask_at + 2], bytes[mask_at + 3]];
        let head = Head { fin, opcode, mask, left, turned: 0 };
        self.check(&head)?;
        Ok(head)
    }

    fn check(&mut self, head: &Head) -> Result<(), u16> {
        match head.opcode {
            0x8..=0xa if head.fin && head.left <= 125 => return Ok(()),
            0x0 if self.message.is_some() => {}
            0x1 | 0x2 if self.message.is_none() => {
                self.message = Some((head.opcode == 0x2, Vec::new(), 0));
            }
            _ => return Err(PROTOCOL_ERROR),
        }
        let Some((_, bytes, frames)) = &mut self.message else { return Err(PROTOCOL_ERROR) };
        *frames += 1;
        let length = (bytes.len() as u64).saturating_add(head.left);
        if length > self.max as u64 || *frames > FRAGMENTS {
            return Err(TOO_BIG);
        }
        Ok(())
    }

    fn read_payload(&mut self, input: &mut &[u8]) {
        let Some(head) = &mut self.head else { return };
        let into = match (&mut self.message, head.opcode) {
            (_, 0x8..) | (None, _) => &mut self.control,
            (Some((_, bytes, _)), _) => bytes,
        };
        let take = usize::try_from(head.left).unwrap_or(usize::MAX).min(input.len());
        let from = into.len();
        into.extend_from_slice(&input[..take]);
        for (index, byte) in into[from..].iter_mut().enumerate() {
            *byte ^= head.mask[(head.turned + index) & 3];
        }
        head.turned = (head.turned + take) & 3;
        head.left -= take as u64;
        *input = &input[take..];
    }

    fn finish(&mut self, head: &Head) -> Result<Option<Message>, u16> {
        if head.opcode >= 0x8 {
            let payload = std::mem::take(&mut self.control);
            return Ok(Some(match head.opcode {
                0x8 => Message::Close,
                0x9 => Message::Ping(payload.into()),
                _ => Message::Pong,
            }));
        }
        if !head.fin {
            return Ok(None);
        }
        let Some((binary, bytes, _)) = self.message.take() else { return Err(PROTOCOL_ERROR) };
        if binary {
            return Ok(Some(Message::Binary(bytes.into())));
        }
        if simdutf8::basic::from_utf8(&bytes).is_err() {
            return Err(INVALID_DATA);
        }
        String::from_utf8(bytes).map(|text| Some(Message::Text(text))).map_err(|_| INVALID_DATA)
    }
}

/// How many bytes the head has, as far as can be told from its beginning.
fn head_len(start: &[u8]) -> usize {
    match start.get(1).map(|byte| byte & 0x7f) {
        None => 2,
        Some(126) => 8,
        Some(127) => 14,
        Some(_) => 6,
    }
}

/// How many bytes stand before the payload of [`server_frame`].
#[must_use]
pub fn server_head_len(payload: usize) -> usize {
    match payload {
        0..=125 => 2,
        126..=0xffff => 4,
        _ => 10,
    }
}

/// Writes the head of an unmasked frame.
pub(crate) fn put_head(out: &mut BytesMut, opcode: u8, payload: usize) {
    out.put_u8(0x80 | opcode);
    match payload {
        0..=125 => out.put_u8(payload as u8),
        126..=0xffff => {
            out.put_u8(126);
            out.put_u16(payload as u16);
        }
        _ => {
            out.put_u8(127);
            out.put_u64(payload as u64);
        }
    }
}

/// A whole unmasked frame.
#[must_use]
pub fn server_frame(opcode: u8, payload: &[u8]) -> Bytes {
    let mut out = BytesMut::with_capacity(server_head_len(payload.len()) + payload.len());
    put_head(&mut out, opcode, payload.len());
    out.put_slice(payload);
    out.freeze()
}
