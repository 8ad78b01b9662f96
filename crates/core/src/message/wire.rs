//! Messages as the wire shows them.

use zvon_protocol::message::{Message, Status};

use super::MessageRow;

impl MessageRow {
    /// The message with the given status.
    #[must_use]
    pub fn to_wire(&self, status: Status) -> Message {
        Message {
            id: self.id,
            chat_id: self.chat,
            sender_id: self.sender,
            content: self.content.clone(),
            status,
            created_at: self.at,
            is_pinned: self.pin.is_some(),
            pinned_at: self.pin.map(|pin| pin.at),
            pinned_by: self.pin.map(|pin| pin.by),
            is_forwarded: self.forward.is_some(),
            forwarded_from_id: self.forward.map(|forward| forward.from),
            original_sender_id: self.forward.map(|forward| forward.original_sender),
            seq: self.seq,
            client_id: self.client_id.clone(),
        }
    }
}
