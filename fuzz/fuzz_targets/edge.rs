//! Tokens, offsets and forwarded addresses: what the edge reads besides packets.
#![no_main]

use libfuzzer_sys::fuzz_target;
use zvon_gateway::parsers::{forwarded, is_token, offset};

fuzz_target!(|text: &str| {
    if let Some(written) = offset(text) {
        assert_eq!(offset(&written), Some(written));
    }
    assert!(!is_token(b"a secret that no input knows", text));
    if let Some(address) = forwarded(text) {
        assert_eq!(forwarded(&address.to_string()), Some(address));
    }
});
