//! The audit log: who signed in or was refused, which sessions were ended, who came to which chat
//! and as what, what operators did.
//!
//! [`job`] makes an [`Entry`] of each record that tells such a thing and appends it, once. Entries
//! are numbered without a gap and chained (`chain`): each holds the hash of the one before it and
//! its own, so that whoever changes, drops, adds or reorders one can be found out by [`verify`];
//! if they make all hashes after it anew, by the head, which is written to the process's log now
//! and then and may be noted anywhere else. It is read by operators alone, and never pruned.

pub mod chain;
pub mod job;
pub mod read;
pub mod store;
pub mod verify;

use zvon_protocol::ids::UserId;
use zvon_protocol::record::Outcome;
use zvon_protocol::time::Timestamp;

pub use chain::Hash;

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The record that told it.
    pub event_id: String,
    /// When it happened.
    pub at: Timestamp,
    /// Who did it, if that is known; an operator's command is nobody's.
    pub actor: Option<UserId>,
    /// Whom it concerns.
    pub user: Option<UserId>,
    /// What: `noun.participle`.
    pub action: String,
    /// The kind of what it was done to: `account`, `session`, `chat`, `webhook`.
    pub resource: String,
    /// Which one.
    pub resource_id: String,
    /// Whether it was done.
    pub outcome: Outcome,
    /// From which address.
    pub address: Option<String>,
    /// With which user agent.
    pub device: Option<String>,
    /// More about it, as JSON.
    pub details: Option<String>,
}

/// An entry in its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Its number: 1, 2, 3 …
    pub seq: u64,
    /// What happened.
    pub entry: Entry,
    /// The hash of the row before it.
    pub former: Hash,
    /// Its own.
    pub hash: Hash,
}

/// The end of the chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// The number of the last row; 0 without any.
    pub seq: u64,
    /// Its hash; [`Hash::START`] without any.
    pub hash: Hash,
}

impl Head {
    /// Of no rows.
    pub const START: Self = Self { seq: 0, hash: Hash::START };

    /// The row of an entry after this head; the head after that is the row's.
    #[must_use]
    pub fn append(&mut self, entry: Entry) -> Row {
        let (seq, former) = (self.seq + 1, self.hash);
        let hash = chain::seal(seq, former, &entry);
        *self = Self { seq, hash };
        Row { seq, entry, former, hash }
    }
}
