//! Counts of a day as operators read them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::day::Day;
use crate::time::Timestamp;

/// What happened on a day of UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct DayCounts {
    /// The day.
    pub day: Day,
    /// Messages sent, forwarded ones among them.
    #[ts(type = "number")]
    pub messages: u64,
    /// Users who sent a message, made a chat, signed in or connected, each once.
    #[ts(type = "number")]
    pub active_users: u64,
    /// Chats in which a message was sent, each once.
    #[ts(type = "number")]
    pub active_chats: u64,
    /// Accounts made.
    #[ts(type = "number")]
    pub new_users: u64,
    /// Chats made.
    #[ts(type = "number")]
    pub new_chats: u64,
}

impl DayCounts {
    /// Of a day on which nothing happened.
    #[must_use]
    pub fn none(day: Day) -> Self {
        let (messages, active_users, active_chats, new_users, new_chats) = (0, 0, 0, 0, 0);
        Self { day, messages, active_users, active_chats, new_users, new_chats }
    }
}

/// Counts of successive days, in `GET /api/analytics` and `zvon analytics --json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct Analytics {
    /// Every day of the range, the oldest first.
    pub days: Vec<DayCounts>,
    /// When the newest of what was counted happened, whenever that was; absent if nothing ever was.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[ts(optional)]
    pub counted_to: Option<Timestamp>,
}
