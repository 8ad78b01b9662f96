//! Whatever is said can be read by those who end when they cannot; whatever comes ends nobody.

use bytes::Bytes;
use proptest::prelude::*;
use serde_json::Value as Json;
use zvon_socketio::{Packet, PacketBuilder, Target};
use zvon_socketio_redis::codec::{Body, Encoder, Value, decode, pack, unpack};

fn values() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Nil),
        any::<bool>().prop_map(Value::Bool),
        (i64::MIN..0).prop_map(Value::Int),
        (-70_000_i64..0).prop_map(Value::Int),
        any::<u64>().prop_map(Value::UInt),
        (0_u64..70_000).prop_map(Value::UInt),
        any::<f64>().prop_map(|number| Value::Float(number + 0.5)),
        ".{0,300}".prop_map(Value::Str),
        prop::collection::vec(any::<u8>(), 0..300).prop_map(|bytes| Value::Bin(bytes.into())),
    ];
    leaf.prop_recursive(4, 64, 20, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..20).prop_map(Value::Array),
            prop::collection::vec((".{0,40}", inner), 0..20).prop_map(Value::Map),
        ]
    })
}

fn jsons() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::from),
        any::<i64>().prop_map(Json::from),
        any::<f64>().prop_map(Json::from),
        ".{0,40}".prop_map(Json::from),
    ];
    leaf.prop_recursive(3, 32, 8, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..8).prop_map(Json::from),
            prop::collection::btree_map(".{0,10}", inner, 0..8)
                .prop_map(|fields| Json::Object(fields.into_iter().collect())),
        ]
    })
}

prop_compose! {
    fn targets()(
        rooms in prop::collection::vec(".{0,30}", 0..4),
        except in prop::collection::vec(".{0,30}", 0..4),
        volatile in any::<bool>(),
    ) -> Target {
        Target { rooms, except, volatile }
    }
}

fn packet(name: &str, args: &[Json], file: Option<&[u8]>) -> Packet {
    let packet = args.iter().try_fold(PacketBuilder::new(name), PacketBuilder::arg);
    let packet = packet.expect("it is JSON");
    match file {
        Some(file) => packet.binary(Bytes::copy_from_slice(file)).build(),
        None => packet.build(),
    }
}

/// What a JavaScript node makes of a payload, as strictly as it can be: all of it is one value, of
/// which the fields that it relies on are there.
fn as_seen_by_others(payload: &Bytes) -> Json {
    let message: Json = match payload.first() {
        Some(b'{') => serde_json::from_slice(payload).expect("JSON"),
        _ => {
            let value = unpack(payload).expect("MessagePack, with nothing after it");
            serde_json::from_str(&value.into_json().expect("JSON").0).expect("JSON")
        }
    };
    assert!(message["type"].is_u64() && message["data"].is_object());
    assert!(message["uid"].is_string() && message["nsp"].is_string());
    message
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn packs_are_read_as_they_were_written(value in values()) {
        let bytes: Bytes = pack(&value).into();
        prop_assert_eq!(unpack(&bytes), Some(plain(value)));
        let longer: Bytes = [&bytes[..], &[0]].concat().into();
        prop_assert_eq!(unpack(&longer), None);
        prop_assert_eq!(unpack(&bytes.slice(..bytes.len() - 1)), None);
    }

    #[test]
    fn whatever_comes_ends_nobody(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = decode(&bytes.into());
    }

    #[test]
    fn a_broken_message_ends_nobody(
        target in targets(), file in prop::option::of(prop::collection::vec(any::<u8>(), 0..40)),
        at in any::<prop::sample::Index>(), byte in any::<u8>(),
    ) {
        let encoder = Encoder::new("0123456789abcdef", "/");
        let packet = packet("e", &[], file.as_deref());
        let mut bytes = encoder.broadcast(&target, &packet).expect("encoded").to_vec();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        let _ = decode(&bytes.clone().into());
        bytes.truncate(at);
        prop_assert!(decode(&bytes.into()).is_err());
    }

    #[test]
    fn others_can_read_every_broadcast(
        target in targets(), name in ".{0,20}", args in prop::collection::vec(jsons(), 0..4),
        file in prop::option::of(prop::collection::vec(any::<u8>(), 0..300)),
        uid in ".{0,16}", namespace in "/.{0,10}",
    ) {
        let encoder = Encoder::new(&uid, &namespace);
        let packet = packet(&name, &args, file.as_deref());
        for payload in [
            encoder.broadcast(&target, &packet),
            encoder.ask(&target, &packet, "0123456789abcdef", 300),
        ] {
            let payload = payload.expect("encoded");
            let seen = as_seen_by_others(&payload);
            prop_assert_eq!(&seen["data"]["packet"]["type"], 2);
            prop_assert_eq!(&seen["data"]["packet"]["data"][0], &Json::from(name.as_str()));
            for list in ["rooms", "except"] {
                prop_assert!(seen["data"]["opts"][list].is_array());
            }
            prop_assert!(seen["data"]["opts"]["flags"].is_object());
            prop_assert!(encoder.wrote(&payload));
            prop_assert!(!Encoder::new("another", &namespace).wrote(&payload) || uid == "another");
            let message = decode(&payload).expect("a message");
            let Body::Broadcast { target: heard, packet: same, .. } = message.body else {
                return Err(TestCaseError::fail("a broadcast"));
            };
            prop_assert_eq!(&heard, &target);
            let json = |text: &str| numbers(serde_json::from_str::<Json>(text).expect("JSON"));
            prop_assert_eq!(json(same.json()), json(packet.json()));
            prop_assert_eq!(same.attachments(), packet.attachments());
        }
    }

    #[test]
    fn others_can_read_every_wish(
        target in targets(), room in ".{0,20}", close in any::<bool>(), count in any::<u32>(),
    ) {
        let encoder = Encoder::new("0123456789abcdef", "/");
        let payloads = [
            encoder.join(&target, &room), encoder.leave(&target, &room),
            encoder.disconnect(&target, close), encoder.fetch(&target, &room),
            encoder.fetched(&room, &["{}".to_owned()]), encoder.client_count(&room, count as usize),
            encoder.server_side_emit(&packet(&room, &[], None), Some(&room)),
        ];
        for payload in payloads {
            let payload = payload.expect("encoded");
            as_seen_by_others(&payload);
            prop_assert!(decode(&payload).is_ok());
        }
    }
}

/// With all numbers as JavaScript has them.
fn numbers(value: Json) -> Json {
    match value {
        Json::Number(number) => number.as_f64().map_or(Json::Null, Json::from),
        Json::Array(items) => items.into_iter().map(numbers).collect(),
        Json::Object(fields) => {
            Json::Object(fields.into_iter().map(|(name, value)| (name, numbers(value))).collect())
        }
        other => other,
    }
}

/// How a value comes back: a whole number as a number.
fn plain(value: Value) -> Value {
    match value {
        #[expect(clippy::cast_possible_truncation, reason = "it is whole and small")]
        Value::Float(number) if number.fract() == 0.0 && number.abs() < 9_007_199_254_740_992.0 => {
            plain(Value::Int(number as i64))
        }
        Value::Int(number) => u64::try_from(number).map_or(Value::Int(number), Value::UInt),
        Value::Array(items) => Value::Array(items.into_iter().map(plain).collect()),
        Value::Map(fields) => {
            Value::Map(fields.into_iter().map(|(name, value)| (name, plain(value))).collect())
        }
        other => other,
    }
}
