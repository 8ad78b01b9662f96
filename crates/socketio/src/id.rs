//! Random identities. A session id is a secret; a socket id is not, and neither tells the other.
//!
//! Among several nodes a session id begins with the id of the node that holds the session, so that
//! a request which lands on another one finds its way.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::engine::query::Query;

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
        if text.len() == TOKEN && is_url_safe(text) {
            Ok(Self(text.into()))
        } else {
            Err(NotASocketId)
        }
    }
}

/// The id of a node: 8 base64url characters, 48 random bits, made anew whenever a process starts.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeId(Arc<str>);

impl NodeId {
    /// How many characters one has.
    pub const LEN: usize = 8;

    /// A fresh one.
    #[must_use]
    pub fn random() -> Self {
        Self(token()[..Self::LEN].into())
    }

    /// Its text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The node of the session that a request's query names; `None` if it names none, or one of
    /// no node. The session itself need not exist.
    #[must_use]
    pub fn of_query(query: &str) -> Option<Self> {
        let sid = Query::parse(query).sid?;
        let (node, rest) = sid.split_at_checked(Self::LEN)?;
        (rest.len() == TOKEN && is_url_safe(rest)).then(|| node.parse().ok()).flatten()
    }
}

impl fmt::Display for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A text that is no node id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotANodeId;

impl FromStr for NodeId {
    type Err = NotANodeId;

    fn from_str(text: &str) -> Result<Self, NotANodeId> {
        let fits = text.len() == Self::LEN && is_url_safe(text);
        fits.then(|| Self(text.into())).ok_or(NotANodeId)
    }
}

/// How many characters a [`token`] has.
const TOKEN: usize = 20;

fn is_url_safe(text: &str) -> bool {
    text.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'-' || c == b'_')
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

#[cfg(test)]
mod tests {
    use super::{NodeId, token};

    #[test]
    fn the_node_stands_in_front_of_a_session_id_of_just_that_length() {
        let node = NodeId::random();
        let of = |sid: &str| NodeId::of_query(&format!("EIO=4&transport=polling&sid={sid}&t=1"));
        let sid = format!("{node}{}", token());
        assert_eq!(of(&sid), Some(node.clone()));
        assert_eq!(NodeId::of_query(&format!("sid={sid}&sid=other")), Some(node), "the first");
        let long = format!("{sid}x");
        let odd = sid.replacen(&sid[..1], ".", 1);
        let wide = format!("{}\u{fc}{}", &sid[..7], &sid[9..]);
        for wrong in ["", "x", &token(), &sid[1..], &long, &odd, &wide, "%00"] {
            assert_eq!(of(wrong), None, "{wrong}");
        }
        assert_eq!(NodeId::of_query("EIO=4"), None);
    }

    #[test]
    fn a_node_id_is_read_as_it_is_written() {
        let node = NodeId::random();
        assert_eq!(node.as_str().parse(), Ok(node.clone()));
        assert_ne!(node, NodeId::random());
        for wrong in ["", "1234567", "123456789", "1234567.", "\u{fc}123456"] {
            assert!(wrong.parse::<NodeId>().is_err(), "{wrong}");
        }
    }
}
