//! Messages to bytes, in the order of keys in which JavaScript nodes write them.
//!
//! A message is spliced from texts that are JSON already; only one with attachments is read again
//! and becomes `MessagePack`. Other nodes end when they are sent what they cannot read, so there is
//! no way to make one with a part missing.

use bytes::Bytes;
use serde_json::value::RawValue;
use zvon_socketio::{Args, Packet, Target};

use super::kind;
use crate::msgpack;
use crate::value::Value;

/// A message, encoded. `None` instead: its attachments cannot be put into place.
pub type Payload = Option<Bytes>;

/// Encodes what one node says in one namespace.
#[derive(Debug)]
pub struct Encoder {
    uid: String,
    namespace: String,
    /// How its texts end, and its packs.
    ends: (String, Vec<u8>),
}

impl Encoder {
    /// For the node known by `uid` in the namespace.
    #[must_use]
    pub fn new(uid: &str, namespace: &str) -> Self {
        let text = format!(r#","uid":{},"nsp":{}}}"#, quoted(uid), quoted(namespace));
        let value = |text: &str| msgpack::encode(&Value::Str(text.to_owned()));
        let pack = [value("uid"), value(uid), value("nsp"), value(namespace)].concat();
        Self { uid: uid.to_owned(), namespace: namespace.to_owned(), ends: (text, pack) }
    }

    /// Whether this node wrote a message, as far as its end tells.
    #[must_use]
    pub fn wrote(&self, payload: &[u8]) -> bool {
        match payload.first() {
            Some(b'{') => payload.ends_with(self.ends.0.as_bytes()),
            _ => payload.ends_with(&self.ends.1),
        }
    }

    /// Send an event to the sockets of a target.
    #[must_use]
    pub fn broadcast(&self, target: &Target, packet: &Packet) -> Payload {
        let (event, opts) = (packet.json(), options(target, None));
        let data = format!(r#"{{"packet":{{"type":2,"data":{event}}},"opts":{opts}}}"#);
        self.message(kind::BROADCAST, &data, packet.attachments())
    }

    /// Send an event, and report on it under the request's id for so many milliseconds.
    #[must_use]
    pub fn ask(&self, target: &Target, packet: &Packet, request: &str, within: u64) -> Payload {
        let (event, opts) = (packet.json(), options(target, Some(within)));
        let id = quoted(request);
        let data =
            format!(r#"{{"packet":{{"type":2,"data":{event}}},"requestId":{id},"opts":{opts}}}"#);
        self.message(kind::BROADCAST, &data, packet.attachments())
    }

    /// Let sockets into a room.
    #[must_use]
    pub fn join(&self, target: &Target, room: &str) -> Payload {
        let data = format!(r#"{{"opts":{},"rooms":[{}]}}"#, options(target, None), quoted(room));
        self.message(kind::JOIN, &data, &[])
    }

    /// Take sockets out of a room.
    #[must_use]
    pub fn leave(&self, target: &Target, room: &str) -> Payload {
        let data = format!(r#"{{"opts":{},"rooms":[{}]}}"#, options(target, None), quoted(room));
        self.message(kind::LEAVE, &data, &[])
    }

    /// Disconnect sockets; with `close`, their connections too.
    #[must_use]
    pub fn disconnect(&self, target: &Target, close: bool) -> Payload {
        let data = format!(r#"{{"opts":{},"close":{close}}}"#, options(target, None));
        self.message(kind::DISCONNECT, &data, &[])
    }

    /// Tell which sockets there are.
    #[must_use]
    pub fn fetch(&self, target: &Target, request: &str) -> Payload {
        let opts = options(target, None);
        let data = format!(r#"{{"opts":{opts},"requestId":{}}}"#, quoted(request));
        self.message(kind::FETCH, &data, &[])
    }

    /// These sockets there are: each a JSON object.
    #[must_use]
    pub fn fetched(&self, request: &str, sockets: &[String]) -> Payload {
        let (id, sockets) = (quoted(request), sockets.join(","));
        let data = format!(r#"{{"requestId":{id},"sockets":[{sockets}]}}"#);
        self.message(kind::FETCHED, &data, &[])
    }

    /// An event for the other servers, who answer under the request's id if there is one.
    #[must_use]
    pub fn server_side_emit(&self, packet: &Packet, request: Option<&str>) -> Payload {
        let event = packet.json();
        let data = match request {
            Some(request) => format!(r#"{{"requestId":{},"packet":{event}}}"#, quoted(request)),
            None => format!(r#"{{"packet":{event}}}"#),
        };
        self.message(kind::SERVER_SIDE_EMIT, &data, packet.attachments())
    }

    /// How many sockets are asked here.
    #[must_use]
    pub fn client_count(&self, request: &str, count: usize) -> Payload {
        let data = format!(r#"{{"requestId":{},"clientCount":{count}}}"#, quoted(request));
        self.message(kind::CLIENT_COUNT, &data, &[])
    }

    /// What a socket answered (`kind::ACK`), or this server (`kind::SERVER_SIDE_ANSWER`): only the
    /// first argument is carried.
    #[must_use]
    pub fn answer(&self, kind: u8, request: &str, args: &Args) -> Payload {
        let id = quoted(request);
        let Some(first) = args.values.first().map(|value| RawValue::get(value)) else {
            return self.message(kind, &format!(r#"{{"requestId":{id}}}"#), &[]);
        };
        let data = format!(r#"{{"requestId":{id},"packet":{first}}}"#);
        // Attachments of later arguments do not count: there may be none in the first.
        let binary = !args.attachments.is_empty() && first.contains("_placeholder");
        self.message(kind, &data, if binary { &args.attachments } else { &[] })
    }

    /// `data` is JSON.
    fn message(&self, kind: u8, data: &str, attachments: &[Bytes]) -> Payload {
        if attachments.is_empty() {
            return Some(format!(r#"{{"type":{kind},"data":{data}{}"#, self.ends.0).into());
        }
        let field = |name: &str, value: Value| (name.to_owned(), value);
        let message = Value::Map(vec![
            field("type", Value::UInt(kind.into())),
            field("data", Value::from_json(data, attachments)?),
            field("uid", Value::Str(self.uid.clone())),
            field("nsp", Value::Str(self.namespace.clone())),
        ]);
        Some(msgpack::encode(&message).into())
    }
}

fn options(target: &Target, within: Option<u64>) -> String {
    let list =
        |rooms: &[String]| rooms.iter().map(|room| quoted(room)).collect::<Vec<String>>().join(",");
    let volatile = target.volatile.then(|| r#""volatile":true"#.to_owned());
    let timeout = within.map(|millis| format!(r#""timeout":{millis}"#));
    let flags: Vec<String> = volatile.into_iter().chain(timeout).collect();
    let (rooms, except, flags) = (list(&target.rooms), list(&target.except), flags.join(","));
    format!(r#"{{"rooms":[{rooms}],"except":[{except}],"flags":{{{flags}}}}}"#)
}

/// A text as JSON.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
