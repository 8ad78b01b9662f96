//! What values look like in Redis, and what is refused. Pure.
//!
//! `MAC (16) | value`: HMAC-SHA256 under the cluster's key over the key's name, the version, the
//! log's epoch and the value. So whoever can write to Redis, but lacks the key, puts no message
//! into anybody's history; nothing can be moved to another key or given another age; and what was
//! read from another log (before a restore) is not this one's.

use hmac::{Hmac, Mac};
use sha2::Sha256;
use zvon_core::cache::Entry;

/// Length of a MAC.
const MAC: usize = 16;

/// Writes and reads values.
#[derive(Clone)]
pub struct Seal {
    key: Hmac<Sha256>,
    epoch: String,
}

impl Seal {
    /// For this log, and the nodes that have this key.
    #[must_use]
    pub fn new(epoch: &str, key: &[u8]) -> Self {
        // A key of any length is one.
        let mut key = Hmac::new_from_slice(key).unwrap_or_else(|_| Hmac::new(&<_>::default()));
        key.update(b"cache 1\0");
        key.update(epoch.as_bytes());
        Self { key, epoch: epoch.to_owned() }
    }

    /// The log's epoch.
    pub(super) fn epoch(&self) -> &str {
        &self.epoch
    }

    /// A value as it is kept under that key.
    #[must_use]
    pub fn close(&self, name: &str, entry: &Entry) -> Vec<u8> {
        let mut sealed = self.mac(name, entry.version, &entry.value).to_vec();
        sealed.extend_from_slice(&entry.value);
        sealed
    }

    /// The value, if somebody with the key kept it there.
    #[must_use]
    pub fn open(&self, name: &str, version: u64, sealed: &[u8]) -> Option<Entry> {
        let (mac, value) = sealed.split_first_chunk::<MAC>()?;
        let begun = self.begun(name, version, value);
        begun.verify_truncated_left(mac).ok()?;
        Some(Entry { version, value: value.into() })
    }

    fn begun(&self, name: &str, version: u64, value: &[u8]) -> Hmac<Sha256> {
        let mut mac = self.key.clone();
        mac.update(&[0]);
        mac.update(name.as_bytes());
        mac.update(&[0]);
        mac.update(&version.to_be_bytes());
        mac.update(value);
        mac
    }

    fn mac(&self, name: &str, version: u64, value: &[u8]) -> [u8; MAC] {
        let mut mac = [0; MAC];
        let whole = self.begun(name, version, value).finalize().into_bytes();
        mac.copy_from_slice(&whole[..MAC]);
        mac
    }
}

#[cfg(test)]
mod tests {
    use super::{Entry, Seal};

    #[test]
    fn only_what_was_kept_there_by_somebody_with_the_key_is_read() {
        let seal = Seal::new("epoch", b"key");
        let entry = Entry { version: 7, value: b"value".as_slice().into() };
        let sealed = seal.close("a", &entry);
        assert_eq!(seal.open("a", 7, &sealed), Some(entry));
        assert_eq!(seal.open("b", 7, &sealed), None, "another key");
        assert_eq!(seal.open("a", 8, &sealed), None, "another age");
        assert_eq!(Seal::new("epoch", b"other").open("a", 7, &sealed), None);
        assert_eq!(Seal::new("other", b"key").open("a", 7, &sealed), None);
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert_eq!(seal.open("a", 7, &changed), None, "byte {at}");
        }
        assert_eq!(seal.open("a", 7, &sealed[..10]), None);
    }
}
