//! What comes from Redis: a message of another node.
#![no_main]

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use zvon_socketio_redis::codec::{Body, Encoder, decode, pack, unpack};

fuzz_target!(|bytes: &[u8]| {
    let bytes = Bytes::copy_from_slice(bytes);
    if let Some(value) = unpack(&bytes) {
        let again = unpack(&pack(&value).into()).expect("what we write can be read");
        let _ = again.into_json();
    }
    let Ok(message) = decode(&bytes) else { return };
    let encoder = Encoder::new(&message.uid, &message.namespace);
    let written = match message.body {
        Body::Broadcast { target, packet, .. } => encoder.broadcast(&target, &packet),
        Body::Join(target, rooms) => rooms.iter().find_map(|room| encoder.join(&target, room)),
        Body::Disconnect(target, close) => encoder.disconnect(&target, close),
        Body::Fetch(target, request) => encoder.fetch(&target, &request),
        _ => None,
    };
    // Numbers beyond JavaScript's and half characters may keep attachments from being packed.
    if let Some(written) = written {
        assert!(encoder.wrote(&written) && decode(&written).is_ok());
    }
});
