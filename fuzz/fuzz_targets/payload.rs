//! A POST's body: whatever comes apart goes together again.
#![no_main]

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use zvon_socketio::parsers::{Part, Payload, encode_payload};

fuzz_target!(|body: &[u8]| {
    let Ok(payload) = Payload::new(Bytes::copy_from_slice(body)) else { return };
    let parts: Result<Vec<Part>, ()> = payload.collect();
    if let Ok(parts) = parts {
        let again = encode_payload(&parts);
        let parts_again: Result<Vec<Part>, ()> =
            Payload::new(again.into()).expect("text is UTF-8").collect();
        assert_eq!(parts_again, Ok(parts));
    }
});
