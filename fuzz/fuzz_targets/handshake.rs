//! The headers of a WebSocket's opening handshake.
#![no_main]

use http::HeaderMap;
use http::header::{HeaderName, HeaderValue};
use libfuzzer_sys::fuzz_target;
use zvon_socketio::parsers::{accept_key, is_upgrade};

const NAMES: [&str; 4] = ["upgrade", "connection", "sec-websocket-key", "sec-websocket-version"];

fuzz_target!(|fields: Vec<(u8, &[u8])>| {
    let mut headers = HeaderMap::new();
    for (name, value) in fields {
        let name = HeaderName::from_static(NAMES[usize::from(name) % NAMES.len()]);
        if let Ok(value) = HeaderValue::from_bytes(value) {
            headers.append(name, value);
        }
    }
    let _ = is_upgrade(&headers);
    if let Some(key) = accept_key(&headers) {
        assert_eq!(key.len(), 28);
    }
});
