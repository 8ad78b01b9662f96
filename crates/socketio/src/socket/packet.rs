//! Outgoing packets, encoded once.

use std::borrow::Cow;
use std::fmt;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use serde::Serialize;
use serde_json::value::RawValue;

use super::args::Args;
use crate::engine::frame::Frame;

/// A payload that cannot be JSON.
#[derive(Debug)]
pub struct EncodeError(serde_json::Error);

impl fmt::Display for EncodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for EncodeError {}

/// An event (or the arguments of an answer), encoded once for all its recipients. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Packet(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    /// The array's text.
    json: String,
    attachments: Vec<Bytes>,
    /// Its frames in the namespace it was first sent in, most often the only one.
    first: OnceLock<(Box<str>, Vec<Frame>)>,
}

impl Packet {
    /// An event with one argument.
    ///
    /// # Errors
    /// When the argument cannot be JSON.
    pub fn event<T: Serialize + ?Sized>(name: &str, payload: &T) -> Result<Self, EncodeError> {
        Ok(PacketBuilder::new(name).arg(payload)?.build())
    }

    /// The arguments of an answer: one.
    pub(crate) fn answer<T: Serialize + ?Sized>(payload: &T) -> Result<Self, EncodeError> {
        let json = serde_json::to_string(payload).map_err(EncodeError)?;
        Ok(Self::new(format!("[{json}]"), Vec::new()))
    }

    /// Arguments as they came from a client: under a name an event, without one an answer.
    #[must_use]
    pub fn from_args(name: Option<&str>, args: &Args) -> Self {
        let name = name.map(|name| serde_json::Value::from(name).to_string());
        let texts = args.values.iter().map(|value| value.get());
        let all: Vec<&str> = name.as_deref().into_iter().chain(texts).collect();
        Self::new(format!("[{}]", all.join(",")), args.attachments.clone())
    }

    /// An event as another node encoded it: an array that begins with its name, text or number,
    /// and what the placeholders in it stand for. `None` if it is something else.
    #[must_use]
    pub fn from_json(data: &RawValue, attachments: Vec<Bytes>) -> Option<Self> {
        let inside = data.get().trim_start().strip_prefix('[')?.trim_start();
        let named = inside.starts_with(|c: char| c == '"' || c == '-' || c.is_ascii_digit());
        let whole = attachments.is_empty() || Args::parse(data, attachments.clone()).is_ok();
        (named && whole).then(|| Self::new(data.get().to_owned(), attachments))
    }

    fn new(json: String, attachments: Vec<Bytes>) -> Self {
        Self(Arc::new(Inner { json, attachments, first: OnceLock::new() }))
    }

    /// The same with one more argument, a string.
    #[must_use]
    pub fn with_tail(&self, tail: &str) -> Self {
        let tail = serde_json::Value::from(tail).to_string();
        let body = &self.0.json[..self.0.json.len() - 1];
        Self::new(format!("{body},{tail}]"), self.0.attachments.clone())
    }

    /// The text of its array.
    #[must_use]
    pub fn json(&self) -> &str {
        &self.0.json
    }

    /// What the placeholders in its array stand for.
    #[must_use]
    pub fn attachments(&self) -> &[Bytes] {
        &self.0.attachments
    }

    /// The frames of an event in a namespace.
    pub(crate) fn frames(&self, namespace: &str) -> Cow<'_, [Frame]> {
        let encode = || self.encode(namespace, None, false);
        let (path, frames) = self.0.first.get_or_init(|| (namespace.into(), encode()));
        if **path == *namespace { Cow::Borrowed(frames) } else { Cow::Owned(encode()) }
    }

    /// The frames of an event or answer: one, and one per attachment.
    pub(crate) fn encode(&self, namespace: &str, id: Option<u64>, answer: bool) -> Vec<Frame> {
        let count = self.0.attachments.len();
        let kind = match (answer, count) {
            (false, 0) => "42".to_owned(),
            (true, 0) => "43".to_owned(),
            (false, count) => format!("45{count}-"),
            (true, count) => format!("46{count}-"),
        };
        let id = id.map(|id| id.to_string()).unwrap_or_default();
        let space = if namespace == "/" { String::new() } else { format!("{namespace},") };
        let json = self.0.json.as_bytes();
        let text = Frame::text(&[kind.as_bytes(), space.as_bytes(), id.as_bytes(), json]);
        let files = self.0.attachments.iter().map(|bytes| Frame::binary(bytes));
        std::iter::once(text).chain(files).collect()
    }
}

/// An event of several arguments, some of them binary.
#[derive(Debug)]
pub struct PacketBuilder {
    json: String,
    attachments: Vec<Bytes>,
}

impl PacketBuilder {
    /// An event of this name.
    #[must_use]
    pub fn new(name: &str) -> Self {
        let json = format!("[{}", serde_json::Value::from(name));
        Self { json, attachments: Vec::new() }
    }

    /// One more argument.
    ///
    /// # Errors
    /// When it cannot be JSON.
    pub fn arg<T: Serialize + ?Sized>(mut self, value: &T) -> Result<Self, EncodeError> {
        self.json.push(',');
        self.json.push_str(&serde_json::to_string(value).map_err(EncodeError)?);
        Ok(self)
    }

    /// One more argument, binary.
    #[must_use]
    pub fn binary(mut self, bytes: Bytes) -> Self {
        let num = self.attachments.len();
        self.json.push_str(&format!(",{{\"_placeholder\":true,\"num\":{num}}}"));
        self.attachments.push(bytes);
        self
    }

    /// The packet.
    #[must_use]
    pub fn build(mut self) -> Packet {
        self.json.push(']');
        Packet::new(self.json, self.attachments)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(frames: &[Frame]) -> Vec<*const u8> {
        frames.iter().map(|frame| frame.clone().websocket().as_ptr()).collect()
    }

    #[test]
    fn every_recipient_shares_the_same_bytes() {
        let packet = PacketBuilder::new("x").binary(Bytes::from_static(b"file")).build();
        let first = bytes(&packet.frames("/chat"));
        assert_eq!(first.len(), 2);
        assert_eq!(bytes(&packet.frames("/chat")), first);
        assert_ne!(bytes(&packet.frames("/other")), first);
    }
}
