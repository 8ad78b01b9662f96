//! Sending, for handlers whose payloads can always be encoded.

use std::sync::Arc;

use serde_json::Value;
use zvon_socketio::{Event, Packet, PacketBuilder, Socket};

/// An event with these arguments.
pub fn event(name: &str, args: &[Value]) -> Packet {
    let packet = PacketBuilder::new(name);
    args.iter()
        .try_fold(packet, PacketBuilder::arg)
        .map(PacketBuilder::build)
        .unwrap_or_else(|error| panic!("a JSON value can be encoded: {error}"))
}

/// Sends an event.
pub fn emit(socket: &Arc<Socket>, name: &str, args: &[Value]) {
    socket.emit(&event(name, args));
}

/// Answers an event, if an answer was asked for.
pub fn answer(event: &mut Event, value: &Value) {
    if let Some(Err(error)) = event.take_ack().map(|ack| ack.send(value)) {
        panic!("a JSON value can be encoded: {error}");
    }
}
