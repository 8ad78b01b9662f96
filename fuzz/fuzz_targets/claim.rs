//! The claim of a relayed request: what is not signed is refused, however it is written.
#![no_main]

use http::Method;
use libfuzzer_sys::fuzz_target;
use zvon_gateway::parsers::Keys;

fuzz_target!(|texts: (&str, &str)| {
    let (text, path) = texts;
    let keys = Keys::derive(["a key that no input knows", "the one before it"]);
    assert!(keys.read(text, &Method::GET, path).is_err());
});
