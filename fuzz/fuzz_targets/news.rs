//! What another node said, or somebody else on the channel.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use zvon_backplane::bus::Codec;

static ONE: LazyLock<Codec> = LazyLock::new(|| Codec::new("one", "epoch", b"key"));
static TWO: LazyLock<Codec> = LazyLock::new(|| Codec::new("two", "epoch", b"key"));

fuzz_target!(|input: (&[u8], &[u8])| {
    let (channel, body) = input;
    // As it came, and as somebody with the key would have said it.
    let _ = TWO.decode(channel, body);
    let signed = ONE.sign(channel, body);
    if let Ok(news) = TWO.decode(channel, &signed) {
        let (channel, again) = ONE.encode(&news).expect("what was read can be written");
        assert_eq!(TWO.decode(channel.as_bytes(), &again), Ok(news));
    }
});
