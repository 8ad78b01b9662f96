//! Connection state recovery from the log, with nothing stored.
//!
//! * `pid` = what the socket is, signed: socket id, user, session, log epoch, when issued. The
//!   client gives it back when it reconnects.
//! * The offset counts, for each chat that the socket has joined, how far it has been told:
//!   `chat.seq[,chat.seq…].ms`; `~chat.seq` is one that it was shown and has yet to join, for a
//!   connection may be cut between the two. The client keeps the last string argument of any event, so only
//!   logged events (and `connection:established`, `offset:moved`) end in one. With one chat the
//!   offset is the same for all recipients; with more than eight there is none, and `-` makes the
//!   client forget the last one: it gets a fresh socket.
//!
//! Both are untrusted when they come back: a wrong one means a fresh socket, never an error.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use hmac::{Hmac, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use zvon_core::caller::Caller;
use zvon_protocol::ids::{ChatId, SessionId, UserId};
use zvon_protocol::time::Timestamp;

/// Most joined chats of an offset.
const CHATS: usize = 8;
/// Most chats of an offset that were shown and not joined since; the oldest are forgotten.
const SHOWN: usize = 8;
/// Stands before a chat that was shown.
const SHOWN_MARK: char = '~';
/// An offset that recovers nothing.
pub(crate) const NO_OFFSET: &str = "-";

/// How far one socket has been told each chat it joined.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Positions {
    chats: Vec<(ChatId, u64)>,
    /// Heads of the histories it was shown and has not joined since.
    shown: Vec<(ChatId, u64)>,
    at: Timestamp,
    /// Whether the socket has given up on offsets: it follows its chats by `sync`.
    off: bool,
}

impl Positions {
    /// Counts a chat from `seq` on.
    pub(crate) fn enter(&mut self, chat: ChatId, seq: u64) {
        self.leave(chat);
        self.shown.retain(|(known, _)| *known != chat);
        self.chats.push((chat, seq));
    }

    /// Remembers up to where the socket was shown a chat that it has not joined.
    pub(crate) fn show(&mut self, chat: ChatId, head: u64) {
        self.shown.retain(|(known, _)| *known != chat);
        if self.shown.len() == SHOWN {
            self.shown.remove(0);
        }
        self.shown.push((chat, head));
    }

    /// Up to where the socket was shown a chat that it has not joined since.
    pub(crate) fn shown(&self, chat: ChatId) -> Option<u64> {
        self.shown.iter().find(|(known, _)| *known == chat).map(|(_, head)| *head)
    }

    /// Counts a chat no more.
    pub(crate) fn leave(&mut self, chat: ChatId) {
        self.chats.retain(|(known, _)| *known != chat);
    }

    /// Gives up on offsets.
    pub(crate) fn turn_off(&mut self) {
        *self = Self { off: true, ..Self::default() };
    }

    /// Counts one event on.
    pub(crate) fn advance(&mut self, chat: ChatId, seq: u64, at: Timestamp) {
        self.at = self.at.max(at);
        let entries = self.chats.iter_mut().chain(&mut self.shown);
        for entry in entries.filter(|(known, _)| *known == chat) {
            entry.1 = entry.1.max(seq);
        }
    }

    /// Whether the socket is told of offsets.
    pub(crate) fn has_offset(&self) -> bool {
        !self.off && self.chats.len() <= CHATS
    }

    /// Whether its offset is that of this chat alone.
    pub(crate) fn is_only(&self, chat: ChatId) -> bool {
        let only = matches!(self.chats.as_slice(), [(only, _)] if *only == chat);
        only && self.shown.is_empty() && !self.off
    }

    /// The offset.
    pub(crate) fn offset(&self) -> String {
        if !self.has_offset() {
            return NO_OFFSET.to_owned();
        }
        let joined = self.chats.iter().map(|(chat, seq)| format!("{chat}.{seq}"));
        let shown = self.shown.iter().map(|(chat, seq)| format!("{SHOWN_MARK}{chat}.{seq}"));
        format!("{}.{}", joined.chain(shown).collect::<Vec<_>>().join(","), self.at.0)
    }

    /// The chats it counts.
    pub(crate) fn chats(&self) -> &[(ChatId, u64)] {
        &self.chats
    }

    /// Reads an offset that a client gave back.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        const LONGEST: usize = (CHATS + SHOWN) * 64 + 32;
        let (chats, at) = text.rsplit_once('.').filter(|_| text.len() <= LONGEST)?;
        let at = Timestamp(at.parse().ok()?);
        let mut positions = Self { at, ..Self::default() };
        for entry in chats.split(',').filter(|entry| !entry.is_empty()) {
            let shown = entry.strip_prefix(SHOWN_MARK);
            let (chat, seq) = shown.unwrap_or(entry).split_once('.')?;
            let (chat, seq) = (chat.parse().ok()?, seq.parse().ok()?);
            match shown {
                Some(_) => positions.show(chat, seq),
                None => positions.enter(chat, seq),
            }
        }
        positions.has_offset().then_some(positions)
    }
}

/// The offset of a socket that has joined one chat, after one of its events.
pub(crate) fn single_offset(chat: ChatId, seq: u64, at: Timestamp) -> String {
    format!("{chat}.{seq}.{}", at.0)
}

/// What a `pid` says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Pid {
    /// The socket's id.
    #[serde(rename = "i")]
    pub(crate) socket: String,
    #[serde(rename = "u")]
    user: UserId,
    #[serde(rename = "s")]
    session: SessionId,
    #[serde(rename = "e")]
    epoch: String,
    /// When it was issued.
    #[serde(rename = "t")]
    pub(crate) issued: i64,
}

/// Signs and reads `pid`s.
pub(crate) struct Resumes {
    key: Hmac<Sha256>,
    epoch: String,
}

impl Resumes {
    pub(crate) fn new(cluster_key: &[u8], epoch: &str) -> Self {
        // HMAC takes a key of any length.
        #[expect(clippy::expect_used, reason = "HMAC takes a key of any length")]
        let mut key = Hmac::<Sha256>::new_from_slice(cluster_key).expect("any length");
        key.update(b"pid\0");
        Self { key, epoch: epoch.to_owned() }
    }

    /// The `pid` of a socket.
    pub(crate) fn issue(&self, socket: &str, caller: Caller, at: Timestamp) -> String {
        let pid = Pid {
            socket: socket.to_owned(),
            user: caller.user,
            session: caller.session,
            epoch: self.epoch.clone(),
            issued: at.0,
        };
        let body = BASE64.encode(serde_json::to_vec(&pid).unwrap_or_default());
        let signature = self.sign(body.as_bytes()).finalize().into_bytes();
        format!("{body}.{}", BASE64.encode(signature))
    }

    /// Reads a `pid` of this caller and epoch.
    pub(crate) fn read(&self, text: &str, caller: Caller) -> Option<Pid> {
        let (body, signature) = text.split_once('.')?;
        let signature = BASE64.decode(signature).ok()?;
        self.sign(body.as_bytes()).verify_slice(&signature).ok()?;
        let pid: Pid = serde_json::from_slice(&BASE64.decode(body).ok()?).ok()?;
        let own = pid.user == caller.user && pid.session == caller.session;
        (own && pid.epoch == self.epoch).then_some(pid)
    }

    fn sign(&self, body: &[u8]) -> Hmac<Sha256> {
        let mut mac = self.key.clone();
        mac.update(body);
        mac
    }
}

#[cfg(test)]
mod tests {
    use super::{Caller, ChatId, Positions, Resumes, SessionId, Timestamp, UserId};
    use uuid::Uuid;

    fn caller(n: u128) -> Caller {
        Caller { session: SessionId(Uuid::from_u128(n)), user: UserId(Uuid::from_u128(n)) }
    }

    #[test]
    fn an_offset_comes_back_as_it_went() {
        let mut positions = Positions::default();
        assert_eq!(Positions::parse(&positions.offset()), Some(positions.clone()));
        for n in 11..=20 {
            positions.show(ChatId(Uuid::from_u128(n)), 3);
            assert_eq!(Positions::parse(&positions.offset()), Some(positions.clone()));
        }
        assert_eq!(positions.shown(ChatId(Uuid::from_u128(12))), None, "the oldest are forgotten");
        positions.enter(ChatId(Uuid::from_u128(13)), 3);
        assert_eq!(positions.shown(ChatId(Uuid::from_u128(13))), None);
        positions.leave(ChatId(Uuid::from_u128(13)));
        for n in 1..=8 {
            positions.enter(ChatId(Uuid::from_u128(n)), 7);
            positions.advance(ChatId(Uuid::from_u128(n)), 8, Timestamp(5));
            assert_eq!(Positions::parse(&positions.offset()), Some(positions.clone()));
        }
        positions.enter(ChatId(Uuid::from_u128(9)), 1);
        assert_eq!(Positions::parse(&positions.offset()), None);
    }

    #[test]
    fn nonsense_is_no_offset() {
        for text in
            ["", "-", "x.1", ".", "1.2.3", "a.b,c.d.e", "~.1", "~~.1.2", &"9".repeat(10_000)]
        {
            assert_eq!(Positions::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_pid_is_good_for_its_own_session_only() {
        let resumes = Resumes::new(b"key", "epoch");
        let pid = resumes.issue("socket", caller(1), Timestamp(9));
        assert_eq!(resumes.read(&pid, caller(1)).unwrap().socket, "socket");
        assert_eq!(resumes.read(&pid, caller(2)), None);
        assert_eq!(Resumes::new(b"key", "other").read(&pid, caller(1)), None);
        assert_eq!(Resumes::new(b"other", "epoch").read(&pid, caller(1)), None);
        assert_eq!(resumes.read(&pid.replace('.', "x."), caller(1)), None);
    }
}
