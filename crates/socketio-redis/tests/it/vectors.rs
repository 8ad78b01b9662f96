//! What JavaScript nodes were seen to write, read and written again byte for byte.

use bytes::Bytes;
use zvon_socketio_redis::codec::{Body, Encoder, Message, Response, decode, kind};

const FILES: [&str; 3] = [
    include_str!("../vectors/sharded-dynamic.txt"),
    include_str!("../vectors/sharded-dynamic-private.txt"),
    include_str!("../vectors/sharded-static.txt"),
];

/// The payloads in a file: after a line that tells their form.
fn payloads(file: &str) -> Vec<Bytes> {
    let mut lines = file.lines();
    let mut all = Vec::new();
    while let Some(line) = lines.next() {
        if line.contains(" SPUBLISH ") {
            let payload = lines.next().expect("a payload").trim();
            all.push(match payload.strip_prefix("hex ") {
                Some(digits) => unhex(digits),
                None => Bytes::copy_from_slice(payload.as_bytes()),
            });
        }
    }
    all
}

fn unhex(digits: &str) -> Bytes {
    let pairs = digits.as_bytes().chunks(2);
    let byte = |pair| u8::from_str_radix(std::str::from_utf8(pair).expect("text"), 16);
    pairs.map(|pair| byte(pair).expect("two digits")).collect()
}

fn again(message: &Message) -> Bytes {
    let encoder = Encoder::new(&message.uid, &message.namespace);
    let written = match &message.body {
        Body::Broadcast { target, packet, request: None } => encoder.broadcast(target, packet),
        Body::Broadcast { target, packet, request: Some((request, within)) } => {
            let within = within.expect("a timeout").as_millis();
            encoder.ask(target, packet, request, u64::try_from(within).expect("a number"))
        }
        Body::Join(target, rooms) => encoder.join(target, &rooms[0]),
        Body::Leave(target, rooms) => encoder.leave(target, &rooms[0]),
        Body::Disconnect(target, close) => encoder.disconnect(target, *close),
        Body::Fetch(target, request) => encoder.fetch(target, request),
        Body::ServerSideEmit(args, request) => {
            let texts: Vec<&str> = args.values.iter().map(|value| value.get()).collect();
            let text = format!("[{}]", texts.join(","));
            let data = serde_json::value::RawValue::from_string(text).expect("JSON");
            let packet = zvon_socketio::Packet::from_json(&data, args.attachments.clone());
            encoder.server_side_emit(&packet.expect("an event"), request.as_deref())
        }
        Body::Response(request, Response::Sockets(sockets)) => {
            let sockets: Vec<String> =
                sockets.iter().map(|socket| socket.get().to_owned()).collect();
            encoder.fetched(request, &sockets)
        }
        Body::Response(request, Response::Count(count)) => {
            encoder.client_count(request, usize::try_from(*count).expect("a number"))
        }
        Body::Response(request, Response::Ack(args)) => encoder.answer(kind::ACK, request, args),
        Body::Response(request, Response::Server(args)) => {
            encoder.answer(kind::SERVER_SIDE_ANSWER, request, args)
        }
    };
    written.expect("it can be encoded")
}

#[test]
fn every_captured_message_is_understood_and_written_the_same() {
    let mut binary = 0;
    for payload in FILES.into_iter().flat_map(payloads) {
        let message = decode(&payload).unwrap_or_else(|fault| panic!("{fault:?}: {payload:?}"));
        let encoder = Encoder::new(&message.uid, &message.namespace);
        assert!(encoder.wrote(&payload), "its writer is known: {payload:?}");
        assert_eq!(again(&message), payload);
        binary += usize::from(payload[0] != b'{');
    }
    assert_eq!(binary, 6, "a broadcast and an answer in each file are binary");
}

#[test]
fn what_it_says_is_what_it_said() {
    let all = payloads(FILES[0]);
    assert_eq!(all.len(), 17);
    let body = |index: usize| decode(&all[index]).expect("a message").body;
    let Body::Broadcast { target, packet, request } = body(4) else { panic!("a broadcast") };
    assert_eq!((target.rooms, target.except), (vec!["r1".into(), "r2".into()], vec!["x".into()]));
    assert!(target.volatile && request.is_none());
    assert_eq!(packet.json(), r#"["e"]"#);
    let Body::Broadcast { packet, .. } = body(5) else { panic!("a broadcast") };
    assert_eq!(packet.json(), r#"["bin",{"_placeholder":true,"num":0}]"#);
    assert_eq!(packet.attachments(), [Bytes::from_static(&[1, 2, 3])]);
}

/// As escapes, JavaScript's texts may hold half a character.
#[test]
fn a_half_character_does_not_keep_attachments_back() {
    let text = r#"["cut","a\ud83d",{"_placeholder":true,"num":0}]"#.to_owned();
    let data = serde_json::value::RawValue::from_string(text).expect("JSON");
    let packet = zvon_socketio::Packet::from_json(&data, vec![Bytes::from_static(b"x")]);
    let encoder = Encoder::new("0123456789abcdef", "/");
    let payload = encoder.broadcast(&zvon_socketio::Target::default(), &packet.expect("an event"));
    let Body::Broadcast { packet, .. } = decode(&payload.expect("encoded")).expect("read").body
    else {
        panic!("a broadcast")
    };
    assert_eq!(packet.json(), "[\"cut\",\"a\u{fffd}\",{\"_placeholder\":true,\"num\":0}]");
}

/// Dates, and the other forms that only the JavaScript encoder writes.
#[test]
fn what_json_has_no_word_for_becomes_what_clients_expect() {
    let read = |digits: &str| {
        let value = zvon_socketio_redis::codec::unpack(&unhex(digits)).expect("a value");
        value.into_json().expect("JSON").0
    };
    assert_eq!(read("d6ff00000000"), r#""1970-01-01T00:00:00.000Z""#);
    assert_eq!(read("d7ff1d5353006553f100"), r#""2023-11-14T22:13:20.123Z""#);
    assert_eq!(read("c70cff00000000ffffffffffffffff"), r#""1969-12-31T23:59:59.000Z""#);
    assert_eq!(read("93d40000c0ca3fc00000"), "[null,null,1.5]");
    assert_eq!(read("8101a178"), r#"{"1":"x"}"#);
    let numbers = "9aa16e01ffcb3ff8000000000000cd012cce00011170cf0000000200000000c0c3c0";
    assert_eq!(read(numbers), r#"["n",1,-1,1.5,300,70000,8589934592,null,true,null]"#);
}
