//! The hash of a row: SHA-256 over its number, the former hash and every field. Pure.
//!
//! Each field stands behind its length, and what is absent is told from what is empty, so no two
//! rows that differ have the same bytes. The form never changes; another one would have another
//! first word.

use std::fmt;
use std::str::FromStr;

use sha2::{Digest, Sha256};
use zvon_protocol::record::Outcome;

use super::Entry;

/// The first word of what is hashed.
const FORM: &[u8] = b"zvon-audit-1";

/// A hash; written in hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Hash(pub [u8; 32]);

impl Hash {
    /// What stands in the place of the former hash in the first row.
    pub const START: Self = Self([0; 32]);
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Hash {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const WRONG: &str = "a hash is 64 hexadecimal digits";
        if text.len() != 64 || !text.is_ascii() {
            return Err(WRONG);
        }
        let mut bytes = [0; 32];
        for (byte, two) in bytes.iter_mut().zip(text.as_bytes().chunks(2)) {
            let digits = std::str::from_utf8(two).map_err(|_| WRONG)?;
            *byte = u8::from_str_radix(digits, 16).map_err(|_| WRONG)?;
        }
        Ok(Self(bytes))
    }
}

/// The hash of an entry in that place.
pub(super) fn seal(seq: u64, former: Hash, entry: &Entry) -> Hash {
    let mut sha = Sha256::new();
    sha.update(FORM);
    sha.update(seq.to_be_bytes());
    sha.update(former.0);
    sha.update(entry.at.0.to_be_bytes());
    let (actor, user) = (entry.actor.map(|id| id.0), entry.user.map(|id| id.0));
    let outcome: &[u8] = match entry.outcome {
        Outcome::Success => b"success",
        Outcome::Failure => b"failure",
    };
    let text = |text: &'_ Option<String>| text.as_ref().map(|text| text.as_bytes().to_vec());
    for field in [
        Some(entry.event_id.as_bytes().to_vec()),
        actor.map(|id| id.as_bytes().to_vec()),
        user.map(|id| id.as_bytes().to_vec()),
        Some(entry.action.as_bytes().to_vec()),
        Some(entry.resource.as_bytes().to_vec()),
        Some(entry.resource_id.as_bytes().to_vec()),
        Some(outcome.to_vec()),
        text(&entry.address),
        text(&entry.device),
        text(&entry.details),
    ] {
        sha.update([u8::from(field.is_some())]);
        let field = field.unwrap_or_default();
        sha.update((field.len() as u64).to_be_bytes());
        sha.update(field);
    }
    Hash(sha.finalize().into())
}

#[cfg(test)]
mod tests {
    use super::Hash;

    #[test]
    fn a_hash_is_read_as_it_is_written() {
        let hash = Hash(std::array::from_fn(|index| index as u8 * 7));
        assert_eq!(hash.to_string().parse(), Ok(hash));
        for wrong in ["", "00", &"g".repeat(64), &"é".repeat(32)] {
            assert!(wrong.parse::<Hash>().is_err(), "{wrong}");
        }
    }
}
