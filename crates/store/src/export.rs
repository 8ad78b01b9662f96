//! Reading out all that is kept of a user or a chat, also what is over.
//!
//! It is read for an operator, in pages, and rarely: memberships and sessions that are over stand
//! in no index and cost a walk through their table, beside which the server goes on.

use async_trait::async_trait;
use sqlx::Error;
use zvon_core::message::MessageRow;
use zvon_core::session::Session;
use zvon_core::store::{Store, StoreResult};
use zvon_core::webhook::Webhook;
use zvon_protocol::chat::Role;
use zvon_protocol::day::Day;
use zvon_protocol::ids::{ChatId, MessageId, UserId};
use zvon_protocol::time::Timestamp;

use crate::row::{self, Columns};

/// A membership, present or past.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Membership {
    /// Where.
    pub chat: ChatId,
    /// Who.
    pub user: UserId,
    /// Their display name.
    pub name: String,
    /// What they may, or might, do.
    pub role: Role,
    /// The seq of the event that made them a member, the last time.
    pub joined_seq: u64,
    /// The seq of the event that ended it.
    pub left_seq: Option<u64>,
    /// Everything up to here has reached them.
    pub delivered_seq: u64,
    /// Everything up to here has been read by them.
    pub read_seq: u64,
    /// The chat's messages up to there.
    pub read_no: u64,
}

/// A pin that somebody made and that still is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MadePin {
    /// The pinned message.
    pub message: MessageId,
    /// Its place in the log.
    pub seq: u64,
    /// When it was pinned.
    pub at: Timestamp,
    /// The place of that event.
    pub pin_seq: u64,
}

/// A store that can be read out.
#[async_trait]
pub trait Export: Store {
    /// All sessions of a user that are remembered, the oldest first.
    async fn all_sessions_of(&self, user: UserId) -> StoreResult<Vec<Session>>;

    /// A user's memberships, those that are over among them, by chat.
    async fn memberships_of(&self, user: UserId) -> StoreResult<Vec<Membership>>;

    /// A chat's memberships, those that are over among them, by user.
    async fn memberships_in(&self, chat: ChatId) -> StoreResult<Vec<Membership>>;

    /// At most `limit` of a user's messages in a chat with `after < seq <= upto` (the stretch),
    /// ascending.
    async fn messages_of(
        &self,
        place: (ChatId, UserId),
        stretch: (u64, u64),
        limit: u32,
    ) -> StoreResult<Vec<MessageRow>>;

    /// The webhooks that a user made, the oldest first.
    async fn webhooks_by(&self, user: UserId) -> StoreResult<Vec<Webhook>>;

    /// The pins of a chat that the user made, the oldest first.
    async fn pins_by(&self, chat: ChatId, user: UserId) -> StoreResult<Vec<MadePin>>;

    /// The days on which the user was active, as far as that is not forgotten, ascending.
    async fn active_days_of(&self, user: UserId) -> StoreResult<Vec<Day>>;
}

/// A membership from a row of `members` with the user's name beside it.
pub(crate) fn membership(found: &impl Columns) -> Result<Membership, Error> {
    let left = found.int("left_seq")?;
    Ok(Membership {
        chat: ChatId(row::id(found, "chat_id")?),
        user: UserId(row::id(found, "user_id")?),
        name: found.text("name")?.unwrap_or_default(),
        role: row::role(found.int("role")?.unwrap_or_default()),
        joined_seq: row::number(found, "joined_seq")?,
        left_seq: left.and_then(|seq| u64::try_from(seq).ok()),
        delivered_seq: row::number(found, "delivered_seq")?,
        read_seq: row::number(found, "read_seq")?,
        read_no: row::number(found, "read_no")?,
    })
}

/// A pin from a row of `pins` with the message's id beside it.
pub(crate) fn pin(found: &impl Columns) -> Result<MadePin, Error> {
    Ok(MadePin {
        message: MessageId(row::id(found, "id")?),
        seq: row::number(found, "seq")?,
        at: row::time(found, "at")?,
        pin_seq: row::number(found, "pin_seq")?,
    })
}
