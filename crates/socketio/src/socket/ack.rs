//! Answers: a client's to our events, ours to a client's.

use std::collections::HashMap;
use std::sync::{Arc, Weak};

use parking_lot::Mutex;
use serde::Serialize;
use tokio::sync::oneshot;

use super::args::Args;
use super::packet::{EncodeError, Packet};
use super::peer::Socket;

/// Why no answer came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AckError {
    /// Not in time.
    Timeout,
    /// The socket ended.
    Disconnected,
}

/// The way to answer one event, from any task. Dropping it answers nothing.
#[derive(Debug)]
pub struct AckSender {
    socket: Weak<Socket>,
    id: u64,
}

impl AckSender {
    pub(crate) fn new(socket: &Arc<Socket>, id: u64) -> Self {
        Self { socket: Arc::downgrade(socket), id }
    }

    /// Answers with one value.
    ///
    /// # Errors
    /// When it cannot be encoded.
    pub fn send<T: Serialize + ?Sized>(self, value: &T) -> Result<(), EncodeError> {
        self.send_packet(&Packet::answer(value)?);
        Ok(())
    }

    /// Answers with arguments as they came from a client.
    pub fn send_args(self, args: &Args) {
        self.send_packet(&Packet::from_args(None, args));
    }

    fn send_packet(self, packet: &Packet) {
        if let Some(socket) = self.socket.upgrade() {
            socket.send_ack(packet, self.id);
        }
    }
}

/// Answers that a socket waits for.
#[derive(Default)]
pub(crate) struct Pending(Mutex<Option<Box<Table>>>);

#[derive(Default)]
struct Table {
    next: u64,
    waiting: HashMap<u64, oneshot::Sender<Args>>,
}

impl Pending {
    /// A place for an answer, for as long as somebody waits for it.
    pub(crate) fn expect(&self) -> Expected<'_> {
        let mut table = self.0.lock();
        let table = table.get_or_insert_with(Box::default);
        let id = table.next;
        table.next += 1;
        let (sender, receiver) = oneshot::channel();
        table.waiting.insert(id, sender);
        Expected { pending: self, id, answer: receiver }
    }

    /// An answer came; an unknown one is passed over.
    pub(crate) fn answer(&self, id: u64, args: Args) {
        let sender = self.0.lock().as_mut().and_then(|table| table.waiting.remove(&id));
        if let Some(sender) = sender {
            let _ = sender.send(args);
        }
    }

    /// No answer will come.
    pub(crate) fn clear(&self) {
        self.0.lock().take();
    }
}

/// An answer that is waited for; when this is dropped, it no longer is.
pub(crate) struct Expected<'a> {
    pending: &'a Pending,
    pub(crate) id: u64,
    pub(crate) answer: oneshot::Receiver<Args>,
}

impl Drop for Expected<'_> {
    fn drop(&mut self) {
        if let Some(table) = self.pending.0.lock().as_mut() {
            table.waiting.remove(&self.id);
        }
    }
}
