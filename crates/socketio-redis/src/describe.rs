//! What other nodes are told of a socket, as a JavaScript node tells it.

use std::time::UNIX_EPOCH;

use serde_json::{Map, Value, json};
use time::OffsetDateTime;
use time::macros::format_description;
use zvon_socketio::{Handshake, Socket};

use crate::config::Describe;

/// Headers that are nobody else's affair: other nodes get them from clients only.
const SECRET: [&str; 3] = ["cookie", "authorization", "proxy-authorization"];

/// A socket's JSON.
pub(crate) fn socket(socket: &Socket, describe: Option<&Describe>) -> String {
    let id = socket.id().as_str();
    let own = std::iter::once(id.to_owned());
    let rooms: Vec<String> = own
        .chain(socket.rooms().iter().map(ToString::to_string).filter(|room| room != id))
        .collect();
    let data = describe.map_or_else(|| json!({}), |describe| describe(socket));
    let handshake = handshake(socket.handshake());
    // The order of the keys is that of JavaScript nodes.
    format!(
        r#"{{"id":{},"handshake":{handshake},"rooms":{},"data":{data}}}"#,
        json!(id),
        json!(rooms)
    )
}

/// The request that its connection began with. What is not kept of it is missing.
fn handshake(handshake: &Handshake) -> String {
    let mut headers = Map::new();
    for (name, value) in &handshake.headers {
        let known = SECRET.contains(&name.as_str()) || headers.contains_key(name.as_str());
        if let (false, Ok(value)) = (known, value.to_str()) {
            headers.insert(name.as_str().to_owned(), value.into());
        }
    }
    let query: Map<String, Value> =
        handshake.query.iter().map(|(name, value)| (name.clone(), value.as_str().into())).collect();
    let issued = handshake.issued.duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
    let xdomain = headers.contains_key("origin");
    format!(
        r#"{{"headers":{},"time":{},"address":{},"xdomain":{xdomain},"secure":false,"issued":{issued},"url":{},"query":{},"auth":{{}}}}"#,
        Value::from(headers),
        json!(date(OffsetDateTime::from(handshake.issued))),
        json!(handshake.address.ip()),
        json!(url(&handshake.query)),
        Value::from(query),
    )
}

/// A date as JavaScript says it.
fn date(at: OffsetDateTime) -> String {
    let format = format_description!(
        "[weekday repr:short] [month repr:short] [day] [year] [hour]:[minute]:[second] \
         GMT+0000 (Coordinated Universal Time)"
    );
    at.format(format).unwrap_or_default()
}

fn url(query: &[(String, String)]) -> String {
    let plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    let pairs = query.iter().filter(|(name, value)| plain(name) && plain(value));
    let pairs: Vec<String> = pairs.map(|(name, value)| format!("{name}={value}")).collect();
    match ["EIO", "transport"].iter().all(|known| query.iter().any(|(name, _)| name == known)) {
        true => format!("/socket.io/?{}", pairs.join("&")),
        false => "/socket.io/".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_reads_as_in_javascript() {
        let at = OffsetDateTime::from_unix_timestamp(1_795_398_417).expect("a time");
        assert_eq!(date(at), "Mon Nov 23 2026 01:46:57 GMT+0000 (Coordinated Universal Time)");
    }
}
