//! A WebSocket stream: however it is cut into pieces, it says the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use zvon_socketio::parsers::{Decoder, Message};

const MAX: usize = 4096;

fn read<'a>(pieces: impl Iterator<Item = &'a [u8]>) -> (Vec<Message>, Option<u16>) {
    let mut decoder = Decoder::new(MAX);
    let mut messages = Vec::new();
    for mut piece in pieces {
        loop {
            match decoder.next(&mut piece) {
                Ok(Some(message)) => messages.push(message),
                Ok(None) => break,
                Err(code) => return (messages, Some(code)),
            }
        }
    }
    (messages, None)
}

fuzz_target!(|input: (u8, &[u8])| {
    let (cut, stream) = input;
    let whole = read(std::iter::once(stream));
    let pieces = read(stream.chunks(usize::from(cut) + 1));
    assert_eq!(whole, pieces);
    for message in &whole.0 {
        let length = match message {
            Message::Text(text) => text.len(),
            Message::Binary(bytes) | Message::Ping(bytes) => bytes.len(),
            Message::Pong | Message::Close => 0,
        };
        assert!(length <= MAX);
    }
});
