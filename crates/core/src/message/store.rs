//! The log of messages, durable.

use async_trait::async_trait;
use zvon_protocol::ids::{ChatId, MessageId, SessionId, UserId};
use zvon_protocol::time::Timestamp;

use super::{Forward, LogEvent, MessageRow};
use crate::chat::standing::Pins;
use crate::chat::store::Author;
use crate::delivery::store::Moved;
use crate::store::{Denied, StoreResult, Verdict};

/// One message on its way into the log.
#[derive(Clone, Debug)]
pub struct Append {
    /// Where to.
    pub chat: ChatId,
    /// The session it is sent by.
    pub session: SessionId,
    /// Whose session.
    pub sender: UserId,
    /// Its identity and idempotency key: derived from sender and client id, or fresh.
    pub id: MessageId,
    /// The sender's own key.
    pub client_id: Option<String>,
    /// Its text.
    pub content: String,
    /// Where it is forwarded from.
    pub forward: Option<Forward>,
    /// Members whose sockets on this node have the chat open: their delivered cursors move in
    /// the same transaction. Who is not a current member is passed over.
    pub present: Vec<UserId>,
    /// How far the chat's log is known on this node, if somebody here follows it.
    pub known: Option<u64>,
}

impl Append {
    /// The message that it is once it is stored there.
    #[must_use]
    pub fn stored(&self, seq: u64, msg_no: u64, at: Timestamp) -> MessageRow {
        MessageRow {
            id: self.id,
            chat: self.chat,
            seq,
            msg_no,
            at,
            sender: self.sender,
            content: self.content.clone(),
            client_id: self.client_id.clone(),
            forward: self.forward,
            pin: None,
        }
    }
}

/// What became of an [`Append`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Appended {
    /// It is in the log.
    Stored {
        /// Its place.
        seq: u64,
        /// Its number among the chat's messages.
        msg_no: u64,
        /// Its time.
        at: Timestamp,
        /// Whether every other member's delivered cursor now covers it (and there is one).
        delivered: bool,
    },
    /// The id was there before, in the same chat: this is that message.
    Repeated(MessageRow),
    /// The id was there before, in another chat.
    Elsewhere,
    /// Refused.
    Denied(Denied),
    /// The database refuses this row, whatever else is in the batch.
    Rejected,
}

/// Most events of one chat that a batch brings along.
pub const SKIPPED: u32 = 256;

/// What became of a batch.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    /// One verdict per row, in the order of the rows.
    pub verdicts: Vec<Appended>,
    /// The senders' own cursors and those of `present`, where they passed a message of somebody
    /// else's that they had not passed before.
    pub moved: Vec<Moved>,
    /// What other nodes appended between what is `known` here and what this batch stored,
    /// ascending in each chat: at most [`SKIPPED`] events of a chat, and of one with more none.
    pub skipped: Vec<LogEvent>,
}

/// Which part of a chat's messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Page {
    /// The newest.
    Newest,
    /// The nearest before this seq, it excluded.
    Before(u64),
    /// The nearest after this seq, it excluded.
    After(u64),
    /// Half of them up to and including this seq, half after it.
    Around(u64),
}

/// The pinned messages of a chat, of one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pinned {
    /// The newest seq of the log then; 0 if there are none.
    pub head: u64,
    /// Which pins these are.
    pub stamp: Pins,
    /// The messages, the newest pin first.
    pub rows: Vec<MessageRow>,
}

/// The log of messages, durable.
#[async_trait]
pub trait MessageStore: Send + Sync {
    /// Appends a batch in one transaction. Per row, checked in this order: `Denied(Revoked)`,
    /// `Repeated`/`Elsewhere`, `Denied(NoChat)`, `Denied(NotAMember)`, a twin within the batch
    /// (the later one is `Repeated`), stored. Rows are numbered in their order; refused rows take
    /// no number. Moves the sender's cursors to their message. A row that the database itself
    /// refuses fails alone, by bisection.
    async fn append(&self, at: Timestamp, rows: &[Append]) -> StoreResult<Batch>;

    /// The newest seq of each of the chats that exist.
    async fn heads(&self, chats: &[ChatId]) -> StoreResult<Vec<(ChatId, u64)>>;

    /// The message, wherever it stands.
    async fn message(&self, id: MessageId) -> StoreResult<Option<MessageRow>>;

    /// At most `limit` messages, ascending.
    async fn page(&self, chat: ChatId, page: Page, limit: u32) -> StoreResult<Vec<MessageRow>>;

    /// Events with `after < seq`, ascending, at most `limit`.
    async fn events(&self, chat: ChatId, after: u64, limit: u32) -> StoreResult<Vec<LogEvent>>;

    /// The newest `limit` messages with `after < seq <= upto`, ascending: identity, seq, sender.
    async fn passed(
        &self,
        chat: ChatId,
        after: u64,
        upto: u64,
        limit: u32,
    ) -> StoreResult<Vec<(MessageId, u64, UserId)>>;

    /// The newest `limit` messages of one sender in a chat, ascending: identity and seq.
    async fn sent_by(
        &self,
        chat: ChatId,
        sender: UserId,
        limit: u32,
    ) -> StoreResult<Vec<(MessageId, u64)>>;

    /// Pins a message. Denied: `Revoked`, `NoTarget`, `NotAMember`, `AlreadySo`, `Full` (`max`
    /// pins in that chat already).
    async fn pin(
        &self,
        author: Author,
        message: MessageId,
        max: u32,
    ) -> StoreResult<Verdict<LogEvent>>;

    /// Unpins a message. Denied as for [`MessageStore::pin`].
    async fn unpin(&self, author: Author, message: MessageId) -> StoreResult<Verdict<LogEvent>>;

    /// The pinned messages of a chat.
    async fn pinned(&self, chat: ChatId) -> StoreResult<Pinned>;
}
