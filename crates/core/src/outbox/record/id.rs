//! What a record is known by: the same for the same event whenever, and by whomever, it is told.
//!
//! An event of a log is its chat, its seq and its time; one of an account is its user, its time,
//! its place in its row and what tells it from others. A row's number is not part of it: a row
//! that was written twice, because nobody knew whether it had been, tells the same event twice.
//! Nor is the log's epoch: what a restore tells again is known again, and what it numbers anew
//! has another time.

use sha2::{Digest, Sha256};
use zvon_protocol::time::Timestamp;

/// The digits of base 36.
const DIGITS: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";
/// As many digits of it as 64 bits take.
const LENGTH: usize = 13;

/// The milliseconds of the event, `-`, and 13 characters of base 36: a digest of the topic and of
/// what the event is. Each part counts with its length, so none runs into the next.
pub(super) fn event_id(at: Timestamp, topic: &str, parts: &[&[u8]]) -> String {
    let mut digest = Sha256::new();
    for part in std::iter::once(&topic.as_bytes()).chain(parts) {
        digest.update((part.len() as u64).to_be_bytes());
        digest.update(part);
    }
    let mut first = [0; 8];
    first.copy_from_slice(&digest.finalize()[..8]);
    format!("{}-{}", at.0, base36(u64::from_be_bytes(first)))
}

fn base36(mut number: u64) -> String {
    let mut text = [b'0'; LENGTH];
    for place in text.iter_mut().rev() {
        *place = DIGITS[usize::try_from(number % 36).unwrap_or_default()];
        number /= 36;
    }
    String::from_utf8_lossy(&text).into_owned()
}

#[cfg(test)]
mod tests {
    use super::{Timestamp, base36, event_id};

    #[test]
    fn numbers_have_thirteen_digits() {
        assert_eq!(base36(0), "0000000000000");
        assert_eq!(base36(35 + 36), "000000000001z");
        assert_eq!(base36(u64::MAX), "3w5e11264sgsf");
    }

    /// Consumers remember ids: what is pinned here must not change.
    #[test]
    fn an_id_stays_as_it_is() {
        let at = Timestamp(1_762_336_800_005);
        let id = event_id(at, "message.created", &[b"chat", &7_u64.to_be_bytes()]);
        assert_eq!(id, event_id(at, "message.created", &[b"chat", &7_u64.to_be_bytes()]));
        assert_ne!(id, event_id(at, "analytics.message", &[b"chat", &7_u64.to_be_bytes()]));
        assert_ne!(event_id(at, "t", &[b"ab", b"c"]), event_id(at, "t", &[b"a", b"bc"]));
        assert_eq!(event_id(at, "t", &[b"ab"]), "1762336800005-3tjurzxv8pl6o");
    }
}
