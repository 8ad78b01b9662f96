//! Bytes to messages. Every field may be missing or something else; then it is no message.
//!
//! A pack becomes JSON with placeholders first, as it must for clients anyway, so that there is
//! one reader. It copies the event's text once and looks into nothing that it need not know.

use std::time::Duration;

use bytes::Bytes;
use serde::Deserialize;
use serde_json::Value as Json;
use serde_json::value::RawValue;
use zvon_socketio::{Args, Packet, Target};

use super::{Body, Fault, Message, Response, kind};
use crate::msgpack;

/// The longest that answers are waited for on another node's behalf.
const LONGEST: Duration = Duration::from_secs(60);

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(rename = "type")]
    kind: u8,
    #[serde(borrow)]
    data: Data<'a>,
    uid: String,
    nsp: String,
}

/// The fields of all types together.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Data<'a> {
    #[serde(borrow, default)]
    packet: Option<&'a RawValue>,
    opts: Option<Options>,
    request_id: Option<String>,
    rooms: Option<Vec<Json>>,
    close: Option<bool>,
    sockets: Option<Vec<Box<RawValue>>>,
    client_count: Option<u64>,
}

#[derive(Deserialize)]
struct Event<'a> {
    #[serde(rename = "type")]
    kind: Option<u8>,
    #[serde(borrow)]
    data: &'a RawValue,
}

#[derive(Deserialize)]
struct Options {
    rooms: Option<Vec<Json>>,
    except: Option<Vec<Json>>,
    flags: Option<Flags>,
}

#[derive(Default, Deserialize)]
struct Flags {
    volatile: Option<bool>,
    timeout: Option<f64>,
}

/// Only the type, to tell an unknown message from a broken one.
#[derive(Deserialize)]
struct Typed {
    #[serde(rename = "type")]
    kind: Json,
}

/// Reads a message.
///
/// # Errors
/// When it is none.
pub fn decode(payload: &Bytes) -> Result<Message, Fault> {
    if payload.first() == Some(&b'{') {
        let text = std::str::from_utf8(payload).map_err(|_| Fault::Garbage)?;
        return read(text, Vec::new());
    }
    let value = msgpack::decode(payload).ok_or(Fault::Garbage)?;
    let (text, attachments) = value.into_json().ok_or(Fault::Garbage)?;
    read(&text, attachments)
}

fn read(text: &str, attachments: Vec<Bytes>) -> Result<Message, Fault> {
    let envelope: Envelope<'_> = serde_json::from_str(text).map_err(|_| fault(text))?;
    let body = body(envelope.kind, envelope.data, attachments)?;
    Ok(Message { uid: envelope.uid, namespace: envelope.nsp, body })
}

fn fault(text: &str) -> Fault {
    let is_known = |kind: &Json| kind.as_u64().is_some_and(|kind| (3..=12).contains(&kind));
    match serde_json::from_str::<Typed>(text) {
        Ok(typed) if !is_known(&typed.kind) => Fault::Unknown,
        _ => Fault::Garbage,
    }
}

fn body(kind: u8, data: Data<'_>, attachments: Vec<Bytes>) -> Result<Body, Fault> {
    let Some(body) = parts(kind, data, attachments) else { return Err(Fault::Garbage) };
    body.ok_or(Fault::Unknown)
}

/// `None` if something is missing; a `None` within if the type is unknown.
fn parts(kind: u8, data: Data<'_>, attachments: Vec<Bytes>) -> Option<Option<Body>> {
    let request = data.request_id;
    Some(Some(match kind {
        kind::BROADCAST => {
            let options = data.opts?;
            let timeout = options.timeout();
            let packet = event(data.packet?, attachments)?;
            let request = request.map(|request| (request, timeout));
            Body::Broadcast { target: options.target()?, packet, request }
        }
        kind::JOIN => Body::Join(data.opts?.target()?, names(data.rooms?)?),
        kind::LEAVE => Body::Leave(data.opts?.target()?, names(data.rooms?)?),
        kind::DISCONNECT => Body::Disconnect(data.opts?.target()?, data.close == Some(true)),
        kind::FETCH => Body::Fetch(data.opts?.target()?, request?),
        kind::SERVER_SIDE_EMIT => {
            let values = serde_json::from_str(data.packet?.get()).ok()?;
            Body::ServerSideEmit(Args { values, attachments }, request)
        }
        kind::FETCHED => Body::Response(request?, Response::Sockets(data.sockets?)),
        kind::SERVER_SIDE_ANSWER => {
            Body::Response(request?, Response::Server(first(data.packet, attachments)))
        }
        kind::CLIENT_COUNT => Body::Response(request?, Response::Count(data.client_count?)),
        kind::ACK => Body::Response(request?, Response::Ack(first(data.packet, attachments))),
        _ => return Some(None),
    }))
}

/// An event: nothing else is broadcast.
fn event(packet: &RawValue, attachments: Vec<Bytes>) -> Option<Packet> {
    let event: Event<'_> = serde_json::from_str(packet.get()).ok()?;
    let is_event = matches!(event.kind, None | Some(2 | 5));
    is_event.then(|| Packet::from_json(event.data, attachments))?
}

/// An answer has one argument; JavaScript's `undefined` is none.
fn first(packet: Option<&RawValue>, attachments: Vec<Bytes>) -> Args {
    Args { values: packet.map(RawValue::to_owned).into_iter().collect(), attachments }
}

impl Options {
    fn timeout(&self) -> Option<Duration> {
        let millis = self.flags.as_ref()?.timeout?;
        Duration::try_from_secs_f64(millis / 1000.0).ok().map(|timeout| timeout.min(LONGEST))
    }

    fn target(self) -> Option<Target> {
        let volatile = self.flags.is_some_and(|flags| flags.volatile == Some(true));
        let rooms = names(self.rooms.unwrap_or_default())?;
        let except = names(self.except.unwrap_or_default())?;
        Some(Target { rooms, except, volatile })
    }
}

/// Rooms' names: a number's are its digits. What else there is must not be passed over: a target
/// without rooms means everybody.
fn names(names: Vec<Json>) -> Option<Vec<String>> {
    let name = |name: Json| match name {
        Json::String(name) => Some(name),
        Json::Number(number) => Some(number.to_string()),
        _ => None,
    };
    names.into_iter().map(name).collect()
}
