//! Random identities. A session id is a secret; a socket id is not, and neither tells the other.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// The public id of a socket: 20 base64url characters, 120 random bits.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SocketId(Arc<str>);

impl SocketId {
    /// A fresh one.
    #[must_use]
    pub fn random() -> Self {
        Self(token().into())
    }

    /// Its text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl AsRef<str> for SocketId {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SocketId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A text that is no socket id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotASocketId;

impl FromStr for SocketId {
    type Err = NotASocketId;

    fn from_str(text: &str) -> Result<Self, NotASocketId> {
        let fits = |c: u8| c.is_ascii_alphanumeric() || c == b'-' || c == b'_';
        if text.len() == 20 && text.bytes().all(fits) {
            Ok(Self(text.into()))
        } else {
            Err(NotASocketId)
        }
    }
}

/// 20 base64url characters from the system's randomness.
///
/// # Panics
/// If the system has none: there is no safe way to go on.
pub(crate) fn token() -> String {
    let mut bytes = [0_u8; 15];
    #[expect(clippy::expect_used, reason = "ids that can be guessed would let anyone in")]
    getrandom::fill(&mut bytes).expect("the system has randomness");
    URL_SAFE_NO_PAD.encode(bytes)
}
