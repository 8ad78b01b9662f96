//! `sync`: from then on the socket is in all its chats' rooms, and knows what it missed.

use std::collections::HashMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::chat::ChatState;
use crate::event::ServerEvent;
use crate::ids::{ChatId, UserId};
use crate::time::Timestamp;

/// `sync {cursors, limit?}`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, TS, JsonSchema)]
#[serde(default)]
#[ts(export, optional_fields)]
pub struct Sync {
    /// The newest seq the client holds of each chat; chats left out bring no events.
    #[ts(type = "Record<string, number>")]
    pub cursors: HashMap<ChatId, u64>,
    /// Most events per chat before it counts as a gap (default and maximum 1000).
    pub limit: Option<u32>,
}

/// Ack of `sync`.
#[derive(Clone, Debug, Serialize, Deserialize, TS, JsonSchema)]
#[ts(export)]
pub struct SyncAck {
    /// All chats of the caller.
    pub chats: Vec<ChatState>,
    /// What was missed, ordered by chat and seq.
    pub events: Vec<ServerEvent>,
    /// Chats too far behind: drop what is held of them and load the newest page.
    pub gaps: Vec<ChatId>,
    /// Who of the caller's co-members is online.
    pub online: Vec<UserId>,
    /// The log's epoch; when it changes, drop everything that is held.
    pub epoch: String,
    /// The server's clock.
    pub now: Timestamp,
}
