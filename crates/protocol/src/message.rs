//! A message as clients see it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::ids::{ChatId, MessageId, UserId};
use crate::time::Timestamp;

/// How far a message has come. In a group it is the least of the other current members'.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, TS, JsonSchema,
)]
#[serde(rename_all = "UPPERCASE")]
#[ts(export)]
pub enum Status {
    /// Stored.
    Sent,
    /// Handed to the recipient's open chat.
    Delivered,
    /// Seen by the recipient.
    Read,
}

/// The twelve fields of the drop-in contract, plus `seq` and, where its sender gave one, `clientId`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct Message {
    /// Identity of the message.
    pub id: MessageId,
    /// The chat it stands in.
    pub chat_id: ChatId,
    /// Who sent (or forwarded) it.
    pub sender_id: UserId,
    /// Its text, 1 byte to 16 KiB; empty of one that expired, in the answer to its second sending.
    pub content: String,
    /// Delivery status as of now.
    pub status: Status,
    /// When it was committed; never decreases along `seq`.
    pub created_at: Timestamp,
    /// Whether it is pinned in its chat.
    pub is_pinned: bool,
    /// When it was pinned, if it is.
    pub pinned_at: Option<Timestamp>,
    /// Who pinned it, if it is pinned.
    pub pinned_by: Option<UserId>,
    /// Whether it was forwarded from another message.
    pub is_forwarded: bool,
    /// The message it was forwarded from.
    pub forwarded_from_id: Option<MessageId>,
    /// The first sender of a chain of forwards.
    pub original_sender_id: Option<UserId>,
    /// Its place in the chat's log: 1, 2, 3 … without a gap over all kinds of events.
    #[ts(type = "number")]
    pub seq: u64,
    /// The sender's own key of this send, echoed.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[ts(optional)]
    pub client_id: Option<String>,
}
