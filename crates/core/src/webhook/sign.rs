//! What is posted, and the proof that it comes from here. Pure.
//!
//! The signature is HMAC-SHA256 over the timestamp, a dot and the body, under the webhook's whole
//! secret; whoever checks it also looks at how old the timestamp is, and nobody can send an old
//! delivery again later.

use std::fmt::Write;

use hmac::{Hmac, Mac};
use sha2::Sha256;
use zvon_protocol::time::Timestamp;

use super::post::Request;
use super::{Delivery, Secret};

/// The request of a delivery that is posted at that time.
pub(super) fn request(url: &str, secret: &Secret, delivery: &Delivery, at: Timestamp) -> Request {
    let seconds = at.0.div_euclid(1000);
    let signature = format!("sha256={}", signature(secret, seconds, &delivery.body));
    let headers = vec![
        ("content-type", "application/json".to_owned()),
        ("user-agent", concat!("Zvon/", env!("CARGO_PKG_VERSION")).to_owned()),
        ("x-zvon-webhook", delivery.webhook.to_string()),
        ("x-zvon-delivery", delivery.id.to_string()),
        ("x-zvon-event", delivery.topic.clone()),
        ("x-zvon-event-id", delivery.event_id.clone()),
        ("x-zvon-attempt", (delivery.tries + 1).to_string()),
        ("x-zvon-timestamp", seconds.to_string()),
        ("x-zvon-signature", signature),
    ];
    Request { url: url.to_owned(), headers, body: delivery.body.clone() }
}

/// In hexadecimal digits.
fn signature(secret: &Secret, seconds: i64, body: &str) -> String {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.0.as_bytes()) else {
        return String::new();
    };
    mac.update(format!("{seconds}.").as_bytes());
    mac.update(body.as_bytes());
    mac.finalize().into_bytes().iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

#[cfg(test)]
mod tests {
    use super::{Secret, signature};

    #[test]
    fn a_signature_is_the_one_that_others_compute() {
        // printf '1700000000.{"a":1}' | openssl dgst -sha256 -hmac whsec_test
        let signed = signature(&Secret("whsec_test".to_owned()), 1_700_000_000, "{\"a\":1}");
        assert_eq!(signed, "38877139021993b830af32feea6e18a8da83eb2f6e49ee50bd9e4cf4ca4d3789");
    }
}
