//! Refresh tokens: opaque to clients, good once.
//!
//! A token is `session id (16 bytes) | number (4, big-endian) | MAC (32)`, in URL-safe base64 by
//! the gateway. The MAC is HMAC-SHA256 with the cluster's key over a label, the id, the number and
//! the session's random nonce: neither the database nor the key alone makes one. A MAC that is
//! right with a number that was used before is a copy: the session ends.

use hmac::{Hmac, Mac};
use sha2::Sha256;
use uuid::Uuid;
use zvon_protocol::ids::SessionId;

use super::{Refresh, Session};

/// Bytes of a token.
pub const BYTES: usize = 16 + 4 + 32;

/// A token as it came, not verified yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Presented {
    /// The session it names.
    pub session: SessionId,
    /// Its number.
    pub number: u32,
    mac: [u8; 32],
}

/// The token of a session that has them.
#[must_use]
pub fn token(key: &[u8], session: &Session) -> Option<[u8; BYTES]> {
    let refresh = session.refresh?;
    let mut bytes = [0; BYTES];
    bytes[..16].copy_from_slice(session.id.0.as_bytes());
    bytes[16..20].copy_from_slice(&refresh.number.to_be_bytes());
    bytes[20..].copy_from_slice(&mac(key, session.id, refresh).finalize().into_bytes());
    Some(bytes)
}

impl Presented {
    /// Takes a token's bytes apart.
    #[must_use]
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let (session, rest) = bytes.split_first_chunk::<16>()?;
        let (number, mac) = rest.split_first_chunk::<4>()?;
        let session = SessionId(Uuid::from_bytes(*session));
        Some(Self { session, number: u32::from_be_bytes(*number), mac: mac.try_into().ok()? })
    }

    /// Whether it was made for this session, whenever that was; takes as long for any answer.
    #[must_use]
    pub fn is_of(&self, key: &[u8], session: &Session) -> bool {
        session.refresh.is_some_and(|refresh| {
            let then = Refresh { number: self.number, ..refresh };
            let made = mac(key, session.id, then).verify_slice(&self.mac).is_ok();
            made && session.id == self.session && self.number <= refresh.number
        })
    }
}

fn mac(key: &[u8], session: SessionId, refresh: Refresh) -> Hmac<Sha256> {
    #[expect(clippy::expect_used, reason = "HMAC takes a key of any length")]
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("any length");
    mac.update(b"refresh\0");
    mac.update(session.0.as_bytes());
    mac.update(&refresh.number.to_be_bytes());
    mac.update(refresh.nonce.as_bytes());
    mac
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use zvon_protocol::ids::UserId;
    use zvon_protocol::time::Timestamp;

    use super::{BYTES, Presented, Refresh, Session, SessionId, Uuid, token};

    fn session(number: u32) -> Session {
        Session {
            id: SessionId(Uuid::from_u128(7)),
            user: UserId(Uuid::from_u128(8)),
            created_at: Timestamp(0),
            seen_at: Timestamp(0),
            expires_at: Timestamp(1),
            revoked_at: None,
            device: String::new(),
            address: String::new(),
            refresh: Some(Refresh { nonce: Uuid::from_u128(9), number }),
        }
    }

    #[test]
    fn a_token_is_known_again_also_when_it_is_old() {
        let first = Presented::parse(&token(b"key", &session(1)).unwrap()).unwrap();
        assert!(first.is_of(b"key", &session(1)));
        assert!(first.is_of(b"key", &session(5)), "an old one is recognised as ours");
        assert!(!first.is_of(b"key", &session(0)), "none from the future");
        assert!(!first.is_of(b"other", &session(1)));
        let refresh = Some(Refresh { nonce: Uuid::from_u128(10), number: 1 });
        assert!(!first.is_of(b"key", &Session { refresh, ..session(1) }));
        let without = Session { refresh: None, ..session(1) };
        assert!(!first.is_of(b"key", &without));
        assert_eq!(token(b"key", &without), None);
    }

    proptest! {
        #[test]
        fn no_changed_token_is_taken(at in 0..BYTES, flip in 1_u8..) {
            let mut bytes = token(b"key", &session(3)).unwrap();
            bytes[at] ^= flip;
            prop_assert!(!Presented::parse(&bytes).unwrap().is_of(b"key", &session(3)));
        }

        #[test]
        fn any_bytes_are_read_without_harm(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
            let parsed = Presented::parse(&bytes);
            prop_assert_eq!(parsed.is_some(), bytes.len() == BYTES);
        }
    }
}
