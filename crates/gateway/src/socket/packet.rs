//! Events as packets.

use serde::{Serialize, Serializer};
use zvon_protocol::event::ServerEvent;
use zvon_socketio::Packet;

struct Payload<'a>(&'a ServerEvent);

impl Serialize for Payload<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize_payload(serializer)
    }
}

/// The packet of an event, encoded once. Wire types always encode; if one should not, nothing
/// is sent and the log says so.
pub(crate) fn packet(event: &ServerEvent) -> Option<Packet> {
    match Packet::event(event.name(), &Payload(event)) {
        Ok(packet) => Some(packet),
        Err(error) => {
            tracing::error!(event = event.name(), %error, "an event cannot be encoded");
            None
        }
    }
}
