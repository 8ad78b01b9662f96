//! Channels: one for each partition of chats, and one for all nodes. Pure.

use zvon_protocol::ids::ChatId;

/// Where everybody hears who was admitted, which chats have others in them or other pins, and which
/// sessions ended.
pub(super) const ADMITTED: &str = "zvon:admitted";

/// Channels of logs.
pub(super) const PARTITIONS: usize = 256;

/// The partition of a chat. The end of an id is random.
pub(super) fn partition(chat: ChatId) -> usize {
    usize::from(chat.0.as_bytes()[15]) % PARTITIONS
}

/// Where the logs of a partition are told.
pub(super) fn channel(partition: usize) -> String {
    format!("zvon:log:{{{partition}}}")
}
