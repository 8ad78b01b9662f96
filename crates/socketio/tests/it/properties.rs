//! Whatever the bytes: no parser panics, and what is written can be read.

use bytes::Bytes;
use proptest::prelude::*;
use serde_json::json;
use zvon_socketio::Packet;
use zvon_socketio::parsers::{
    Decoder, Kind, Message, Part, Payload, Query, args, encode_payload, parse,
};

fn part() -> impl Strategy<Value = Part> {
    prop_oneof![
        "[0-6][^\x1e]{0,40}".prop_map(Part::Text),
        proptest::collection::vec(any::<u8>(), 0..40).prop_map(|b| Part::Binary(b.into())),
    ]
}

/// A client's frame.
fn frame(first: u8, mask: [u8; 4], payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![first];
    match payload.len() {
        short @ 0..=125 => bytes.push(0x80 | short as u8),
        middle @ 126..=0xffff => {
            bytes.push(0x80 | 126);
            bytes.extend((middle as u16).to_be_bytes());
        }
        long => {
            bytes.push(0x80 | 127);
            bytes.extend((long as u64).to_be_bytes());
        }
    }
    bytes.extend(mask);
    bytes.extend(payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    bytes
}

/// What a stream says when it comes in pieces of these lengths.
fn decode(stream: &[u8], pieces: &[usize], max: usize) -> Result<Vec<Message>, u16> {
    let mut decoder = Decoder::new(max);
    let (mut said, mut rest, mut pieces) = (Vec::new(), stream, pieces.iter().cycle());
    while !rest.is_empty() {
        let length = pieces.next().copied().unwrap_or(rest.len()).clamp(1, rest.len());
        let (mut piece, after) = rest.split_at(length);
        rest = after;
        while let Some(message) = decoder.next(&mut piece)? {
            said.push(message);
        }
    }
    Ok(said)
}

proptest! {
    #[test]
    fn a_payload_is_read_as_it_was_written(parts in proptest::collection::vec(part(), 1..8)) {
        let body = encode_payload(&parts);
        let read: Result<Vec<Part>, ()> = Payload::new(body.into())
            .and_then(|payload| payload.collect());
        prop_assert_eq!(read, Ok(parts));
    }

    #[test]
    fn any_body_is_read_without_panic(body in proptest::collection::vec(any::<u8>(), 0..200)) {
        if let Ok(payload) = Payload::new(body.into()) {
            let _ = payload.count();
        }
    }

    #[test]
    fn any_text_is_parsed_without_panic(text in "[0-6]?[0-9]{0,3}-?(/[a-z]{0,4},?)?\\PC{0,40}") {
        let _ = parse(&text, 10);
    }

    #[test]
    fn an_event_is_read_as_it_was_written(
        name in "\\PC{0,12}",
        number in any::<i64>(),
        text in "\\PC{0,30}",
        id in proptest::option::of(0_u64..1 << 53),
        space in "(/[a-z]{1,8})?",
    ) {
        let packet = Packet::event(&name, &json!({ "n": number, "t": text })).expect("JSON");
        let id_text = id.map(|id| id.to_string()).unwrap_or_default();
        let comma = if space.is_empty() { "" } else { "," };
        let read = parse(&format!("2{space}{comma}{id_text}{}", packet.json()), 10);
        let read = read.expect("it can be read");
        prop_assert_eq!(read.kind, Kind::Event);
        prop_assert_eq!(read.id, id);
        prop_assert_eq!(read.namespace, if space.is_empty() { "/".to_owned() } else { space });
        let args = args(&read.data.expect("arguments"), Vec::new()).expect("an array");
        prop_assert_eq!(args.get::<String>(0).expect("a name"), name);
        let payload: serde_json::Value = args.get(1).expect("a payload");
        prop_assert_eq!(payload, json!({ "n": number, "t": text }));
    }

    #[test]
    fn a_placeholder_stands_for_an_attachment_or_is_refused(num in any::<i32>(), files in 1..5_usize) {
        let text = format!("5{files}-[\"x\",{{\"_placeholder\":true,\"num\":{num}}}]");
        let packet = parse(&text, 10).expect("a packet");
        let bytes = vec![Bytes::from_static(b"x"); files];
        let read = args(&packet.data.expect("arguments"), bytes);
        let good = usize::try_from(num).is_ok_and(|num| num < files);
        prop_assert_eq!(read.is_ok(), good);
    }

    #[test]
    fn messages_are_read_however_the_stream_is_cut(
        payloads in proptest::collection::vec(
            (any::<bool>(), "\\PC{0,80}", any::<[u8; 4]>()), 1..6),
        pieces in proptest::collection::vec(1..40_usize, 1..6),
    ) {
        let mut stream = Vec::new();
        let mut said = Vec::new();
        for (binary, text, mask) in payloads {
            let first = if binary { 0x82 } else { 0x81 };
            stream.extend(frame(first, mask, text.as_bytes()));
            said.push(match binary {
                true => Message::Binary(text.into_bytes().into()),
                false => Message::Text(text),
            });
        }
        prop_assert_eq!(decode(&stream, &pieces, 1000), Ok(said));
    }

    #[test]
    fn a_message_in_pieces_is_read_whole(
        text in "\\PC{0,200}",
        at in proptest::collection::vec(any::<prop::sample::Index>(), 0..4),
        pings in any::<bool>(),
        pieces in proptest::collection::vec(1..40_usize, 1..6),
    ) {
        let mut cuts: Vec<usize> = at.iter().map(|index| index.index(text.len() + 1)).collect();
        cuts.sort_unstable();
        cuts.push(text.len());
        let (mut stream, mut from, last) = (Vec::new(), 0, cuts.len() - 1);
        for (index, to) in cuts.iter().enumerate() {
            let opcode = u8::from(index == 0);
            let fin = if index == last { 0x80 } else { 0 };
            stream.extend(frame(fin | opcode, [9, 8, 7, 6], &text.as_bytes()[from..*to]));
            from = *to;
            if pings && index != last {
                stream.extend(frame(0x89, [1, 1, 1, 1], b"?"));
            }
        }
        let mut said = decode(&stream, &pieces, 1000).expect("a message");
        said.retain(|message| !matches!(message, Message::Ping(_)));
        prop_assert_eq!(said, vec![Message::Text(text)]);
    }

    #[test]
    fn any_stream_says_the_same_in_one_piece_and_in_many(
        stream in proptest::collection::vec(any::<u8>(), 0..300),
        pieces in proptest::collection::vec(1..20_usize, 1..6),
    ) {
        prop_assert_eq!(decode(&stream, &[stream.len()], 64), decode(&stream, &pieces, 64));
    }

    #[test]
    fn a_query_is_read_as_it_was_written(
        pairs in proptest::collection::vec(("[a-z]{1,5}", "\\PC{0,10}"), 0..5),
    ) {
        let escape = |text: &str| -> String {
            text.bytes().map(|byte| format!("%{byte:02X}")).collect()
        };
        let written: Vec<String> =
            pairs.iter().map(|(name, value)| format!("{name}={}", escape(value))).collect();
        prop_assert_eq!(Query::parse(&written.join("&")).all, pairs);
    }

    #[test]
    fn any_query_is_read_without_panic(text in "\\PC{0,60}|[%&=+a-fA-F0-9]{0,60}") {
        let _ = Query::parse(&text);
    }
}
