//! The query of an Engine.IO request.

/// What a request asks for. Unknown parameters are passed over; of repeated ones the first counts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query {
    /// The protocol's version.
    pub eio: Option<String>,
    /// The transport's name.
    pub transport: Option<String>,
    /// The session's id.
    pub sid: Option<String>,
    /// All parameters, decoded, in order.
    pub all: Vec<(String, String)>,
}

impl Query {
    /// Reads the part of a URL after `?`.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let mut query = Self::default();
        for pair in text.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let (name, value) = (decode(name), decode(value));
            let known = match name.as_str() {
                "EIO" => Some(&mut query.eio),
                "transport" => Some(&mut query.transport),
                "sid" => Some(&mut query.sid),
                _ => None,
            };
            if let Some(slot) = known {
                slot.get_or_insert_with(|| value.clone());
            }
            query.all.push((name, value));
        }
        query
    }
}

/// Undoes percent-encoding; what is none stays as it is.
fn decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let pair = bytes.get(at + 1..at + 3).and_then(|hex| std::str::from_utf8(hex).ok());
        let byte = pair.and_then(|hex| u8::from_str_radix(hex, 16).ok());
        match (bytes[at], byte) {
            (b'%', Some(byte)) => {
                out.push(byte);
                at += 2;
            }
            (b'+', _) => out.push(b' '),
            (other, _) => out.push(other),
        }
        at += 1;
    }
    String::from_utf8_lossy(&out).into_owned()
}
