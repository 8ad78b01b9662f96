//! Socket.IO packets: `<type>[<n>-][/nsp,][id][json]`.

use serde_json::value::RawValue;

/// Deepest nesting of a payload.
const DEPTH: usize = 64;
/// The largest ack id: JavaScript's safest integer.
const MAX_ID: u64 = (1 << 53) - 1;

/// The type of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Join a namespace.
    Connect,
    /// Leave it.
    Disconnect,
    /// An event.
    Event,
    /// The answer to one.
    Ack,
    /// An event with attachments.
    BinaryEvent,
    /// An answer with attachments.
    BinaryAck,
}

/// A packet as it came, its payload still text.
#[derive(Clone, Debug)]
pub struct Incoming {
    /// Its type.
    pub kind: Kind,
    /// How many attachments follow.
    pub attachments: usize,
    /// Its namespace.
    pub namespace: String,
    /// Its ack id.
    pub id: Option<u64>,
    /// Its payload: valid JSON, an array for events and acks, an object for CONNECT.
    pub data: Option<Box<RawValue>>,
}

/// Reads a packet.
///
/// # Errors
/// `()` if it is none that a client may send; the connection must be closed then.
#[expect(clippy::result_unit_err, reason = "there is nothing to say but that it is wrong")]
pub fn parse(text: &str, max_attachments: usize) -> Result<Incoming, ()> {
    let kind = match text.as_bytes().first() {
        Some(b'0') => Kind::Connect,
        Some(b'1') => Kind::Disconnect,
        Some(b'2') => Kind::Event,
        Some(b'3') => Kind::Ack,
        Some(b'5') => Kind::BinaryEvent,
        Some(b'6') => Kind::BinaryAck,
        _ => return Err(()),
    };
    let (attachments, rest) = attachments(kind, &text[1..], max_attachments)?;
    let (namespace, rest) = namespace(rest);
    let (id, rest) = ack_id(rest)?;
    let data = payload(rest)?;
    check(kind, data.as_deref())?;
    Ok(Incoming { kind, attachments, namespace: namespace.to_owned(), id, data })
}

fn attachments(kind: Kind, rest: &str, max: usize) -> Result<(usize, &str), ()> {
    if !matches!(kind, Kind::BinaryEvent | Kind::BinaryAck) {
        return Ok((0, rest));
    }
    let (count, rest) = rest.split_once('-').ok_or(())?;
    let digits = !count.is_empty() && count.bytes().all(|byte| byte.is_ascii_digit());
    let count: usize = count.parse().map_err(|_| ())?;
    if digits && (1..=max).contains(&count) { Ok((count, rest)) } else { Err(()) }
}

fn namespace(rest: &str) -> (&str, &str) {
    if !rest.starts_with('/') {
        return ("/", rest);
    }
    rest.split_once(',').unwrap_or((rest, ""))
}

fn ack_id(rest: &str) -> Result<(Option<u64>, &str), ()> {
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    if digits == 0 {
        return Ok((None, rest));
    }
    let id: u64 = rest[..digits].parse().map_err(|_| ())?;
    if id > MAX_ID { Err(()) } else { Ok((Some(id), &rest[digits..])) }
}

fn payload(rest: &str) -> Result<Option<Box<RawValue>>, ()> {
    if rest.is_empty() {
        return Ok(None);
    }
    if depth(rest) > DEPTH {
        return Err(());
    }
    serde_json::from_str(rest).map(Some).map_err(|_| ())
}

/// How deep a JSON text nests; brackets in strings do not count.
fn depth(text: &str) -> usize {
    let (mut deep, mut deepest, mut quoted, mut escaped) = (0_usize, 0, false, false);
    for byte in text.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b'[' | b'{' if !quoted => {
                deep += 1;
                deepest = deepest.max(deep);
            }
            b']' | b'}' if !quoted => deep = deep.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

fn check(kind: Kind, data: Option<&RawValue>) -> Result<(), ()> {
    let first = data.and_then(|data| data.get().trim_start().bytes().next());
    let fits = match kind {
        Kind::Connect => matches!(first, None | Some(b'{')),
        Kind::Disconnect => first.is_none(),
        Kind::Event | Kind::BinaryEvent | Kind::Ack | Kind::BinaryAck => first == Some(b'['),
    };
    if fits { Ok(()) } else { Err(()) }
}
