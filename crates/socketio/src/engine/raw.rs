//! Engine.IO without Socket.IO: whole messages, as another protocol would use it.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;

use super::frame::Frame;
use super::mailbox::{Conn, Pushed};

/// A whole message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RawMessage {
    /// A text.
    Text(String),
    /// Bytes.
    Binary(Bytes),
}

/// What a product does with whole messages. Called in the order in which they came.
pub trait RawHandler: Send + Sync + 'static {
    /// A message came; must not block.
    fn on_message(&self, peer: &RawPeer, message: RawMessage);
}

/// One connection, to answer it. Cheap to clone.
#[derive(Clone)]
pub struct RawPeer(Arc<Conn>);

impl RawPeer {
    pub(crate) fn new(conn: &Arc<Conn>) -> Self {
        Self(Arc::clone(conn))
    }

    /// Queues a message; whether it was queued.
    pub fn send(&self, message: &RawMessage) -> bool {
        let frame = match message {
            RawMessage::Text(text) => Frame::text(&[b"4", text.as_bytes()]),
            RawMessage::Binary(bytes) => Frame::binary(bytes),
        };
        self.0.push(&[frame], false) == Pushed::Queued
    }
}

impl fmt::Debug for RawPeer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RawPeer")
    }
}
