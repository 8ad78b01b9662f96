//! A Socket.IO packet and its arguments.
#![no_main]

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use zvon_socketio::Packet;
use zvon_socketio::parsers::{args, parse};

fuzz_target!(|text: &str| {
    let Ok(packet) = parse(text, 10) else { return };
    assert!(packet.attachments <= 10);
    let Some(data) = &packet.data else { return };
    let files = vec![Bytes::from_static(b"x"); packet.attachments];
    if let Ok(args) = args(data, files) {
        for index in 0..args.values.len() {
            let _ = args.binary(index);
            let _ = args.get::<u64>(index);
        }
        let echoed = Packet::from_args(Some("echo"), &args);
        assert!(parse(&format!("2{}", echoed.json()), 10).is_ok());
    }
});
