//! Counts per day of UTC: messages, active users and chats, new users and chats.
//!
//! [`job`] makes a [`Fact`] of each record that counts; the store notes its `event_id` and counts it
//! in one transaction, so each counts once, on the day on which it happened, however late it is
//! read. What a batch changes is grouped in memory first (`tally`), so the store writes a row or two
//! per batch and not per message. Whoever is active is counted once a day: for that the store keeps
//! a row per day and user (and chat) for [`KEEP`] days. Then the day is *folded*: its numbers stay,
//! these rows go, and what is told of it even later adds messages and new ones, but no active ones.
//!
//! Operators read it, over REST (`read`) and by `zvon analytics`. A day is ten numbers' worth of
//! bytes, and is kept.

pub mod csv;
pub mod job;
pub mod read;
pub mod store;
mod tally;

use uuid::Uuid;
use zvon_protocol::day::Day;
use zvon_protocol::ids::{ChatId, UserId};

pub use tally::{Added, Tally};

/// For how many days it is kept who was active.
pub const KEEP: u32 = 14;

/// Something that counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact {
    /// The record that told it.
    pub event_id: String,
    /// When it happened.
    pub day: Day,
    /// What it was.
    pub what: What,
}

/// What counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// A message was sent, or forwarded.
    Message {
        /// Into which chat.
        chat: ChatId,
        /// By whom.
        sender: UserId,
    },
    /// A user signed in, or connected.
    Came(UserId),
    /// A chat was made, by this user.
    NewChat(UserId),
    /// An account was made.
    NewUser,
}

/// Somebody or something that is counted once a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Active {
    /// A user.
    User,
    /// A chat.
    Chat,
}

impl Active {
    /// As it is stored.
    #[must_use]
    pub fn number(self) -> i64 {
        match self {
            Self::User => 0,
            Self::Chat => 1,
        }
    }
}

/// Who or what was active, and when.
pub type Seen = (Day, Active, Uuid);
