//! A client in one namespace.

use std::any::Any;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use parking_lot::Mutex;

use super::ack::{AckError, Pending};
use super::args::Args;
use super::handler::{Handshake, Reason, TransportKind};
use super::namespace::Namespace;
use super::packet::Packet;
use crate::adapter::Target;
use crate::engine::frame::Frame;
use crate::engine::mailbox::{Conn, Pushed, Request};
use crate::id::SocketId;
use crate::stats::{Tally, Traffic};

/// A client in one namespace. Everything here may be called from any task and waits for nobody.
pub struct Socket {
    id: SocketId,
    namespace: Namespace,
    conn: Arc<Conn>,
    handshake: Arc<Handshake>,
    pub(crate) data: Arc<dyn Any + Send + Sync>,
    pub(crate) pid: Option<String>,
    recovered: bool,
    connected: AtomicBool,
    rooms: Mutex<Vec<Arc<str>>>,
    pending: Pending,
}

/// What a socket is made of.
pub(crate) struct Parts {
    pub(crate) id: SocketId,
    pub(crate) namespace: Namespace,
    pub(crate) conn: Arc<Conn>,
    pub(crate) handshake: Arc<Handshake>,
    pub(crate) data: Arc<dyn Any + Send + Sync>,
    pub(crate) pid: Option<String>,
    pub(crate) recovered: bool,
}

impl Socket {
    pub(crate) fn new(parts: Parts) -> Self {
        Self {
            id: parts.id,
            namespace: parts.namespace,
            conn: parts.conn,
            handshake: parts.handshake,
            data: parts.data,
            pid: parts.pid,
            recovered: parts.recovered,
            connected: AtomicBool::new(true),
            rooms: Mutex::default(),
            pending: Pending::default(),
        }
    }

    /// Its public id.
    pub fn id(&self) -> &SocketId {
        &self.id
    }

    /// Where it is.
    pub fn namespace(&self) -> &Namespace {
        &self.namespace
    }

    /// The data the product admitted it with, if it is of that type.
    pub fn data<T: Any + Send + Sync>(&self) -> Option<&T> {
        self.data.downcast_ref()
    }

    /// The request of its connection.
    pub fn handshake(&self) -> &Handshake {
        &self.handshake
    }

    /// How its connection is carried just now.
    pub fn transport(&self) -> TransportKind {
        self.conn.transport()
    }

    /// The packets of its connection so far.
    pub fn traffic(&self) -> Traffic {
        self.conn.traffic()
    }

    /// Whether it is the continuation of an earlier one.
    pub fn recovered(&self) -> bool {
        self.recovered
    }

    /// Whether it has not ended.
    pub fn is_connected(&self) -> bool {
        self.connected.load(Ordering::Acquire)
    }

    /// Queues an event; whether it was queued.
    pub fn emit(&self, packet: &Packet) -> bool {
        match self.namespace.journal() {
            Some(journal) => {
                let target = Target { rooms: vec![self.id.to_string()], ..Target::default() };
                journal.deliver(packet, target, |noted| self.push(noted, false))
            }
            None => self.push(packet, false),
        }
    }

    /// Waits until the connection has taken all that is queued to it, or is over: for whoever has
    /// more to send than fits its queue.
    pub async fn drained(&self) {
        self.conn.drained().await;
    }

    /// Queues an event with one more argument, a string of its own.
    pub fn emit_tailed(&self, packet: &Packet, tail: &str) -> bool {
        self.push(&packet.with_tail(tail), false)
    }

    /// Queues an event that may be dropped; whether it was queued.
    pub fn emit_volatile(&self, packet: &Packet) -> bool {
        self.push(packet, true)
    }

    pub(crate) fn push(&self, packet: &Packet, volatile: bool) -> bool {
        self.push_frames(&packet.frames(self.namespace.path()), volatile)
    }

    pub(crate) fn push_frames(&self, frames: &[Frame], volatile: bool) -> bool {
        let mut tally = Tally::default();
        tally.add(self.offer(frames, volatile));
        self.namespace.note(tally);
        tally.queued > 0
    }

    /// Queues frames without counting them.
    pub(crate) fn offer(&self, frames: &[Frame], volatile: bool) -> Pushed {
        match self.is_connected() {
            true => self.conn.push(frames, volatile),
            false => Pushed::Gone,
        }
    }

    /// Sends an event and waits for the answer.
    ///
    /// # Errors
    /// When none comes in time, or the socket ends.
    pub async fn emit_with_ack(&self, packet: &Packet, within: Duration) -> Result<Args, AckError> {
        let mut expected = self.pending.expect();
        let frames = packet.encode(self.namespace.path(), Some(expected.id), false);
        if !self.push_frames(&frames, false) {
            return Err(AckError::Disconnected);
        }
        match tokio::time::timeout(within, &mut expected.answer).await {
            Ok(Ok(args)) => Ok(args),
            Ok(Err(_)) => Err(AckError::Disconnected),
            Err(_) => Err(AckError::Timeout),
        }
    }

    pub(crate) fn send_ack(&self, packet: &Packet, id: u64) {
        self.push_frames(&packet.encode(self.namespace.path(), Some(id), true), false);
    }

    pub(crate) fn answer(&self, id: u64, args: Args) {
        self.pending.answer(id, args);
    }

    /// Enters a room.
    pub fn join(self: &Arc<Self>, room: &str) {
        let mut rooms = self.rooms.lock();
        if self.is_connected() && !rooms.iter().any(|known| **known == *room) {
            rooms.push(self.namespace.rooms().insert(room, self));
        }
    }

    /// Leaves a room.
    pub fn leave(&self, room: &str) {
        let mut rooms = self.rooms.lock();
        if let Some(index) = rooms.iter().position(|known| **known == *room) {
            rooms.swap_remove(index);
            self.namespace.rooms().remove(room, self);
        }
    }

    /// The rooms it is in.
    pub fn rooms(&self) -> Vec<Arc<str>> {
        self.rooms.lock().clone()
    }

    /// Whether it is in a room.
    pub fn in_room(&self, room: &str) -> bool {
        self.rooms.lock().iter().any(|known| **known == *room)
    }

    /// Takes it out of the namespace, and tells the client; the connection stays.
    pub fn disconnect(self: &Arc<Self>) {
        let path = self.namespace.path();
        let text = if path == "/" { "41".to_owned() } else { format!("41{path},") };
        self.push_frames(&[Frame::text(&[text.as_bytes()])], false);
        self.end(Reason::ServerDisconnect);
        self.conn.ask(Request::Left(Arc::clone(self)));
    }

    /// Closes its connection when what is queued was sent, without telling the client to stay
    /// away: it comes back by itself.
    pub fn close(&self) {
        self.conn.ask(Request::Close(Reason::ServerClose));
    }

    /// The client is on another connection now: ends it, and lets go of the connection.
    pub fn evict(self: &Arc<Self>) {
        self.end(Reason::Replaced);
        self.conn.ask(Request::Close(Reason::Replaced));
    }

    /// The end; the first call counts.
    pub(crate) fn end(self: &Arc<Self>, reason: Reason) {
        if !self.connected.swap(false, Ordering::AcqRel) {
            return;
        }
        let rooms = std::mem::take(&mut *self.rooms.lock());
        self.namespace.forget(self, &rooms, reason);
        self.pending.clear();
        let told = AssertUnwindSafe(|| self.namespace.handler().on_disconnect(self, reason));
        if catch_unwind(told).is_err() {
            tracing::error!(namespace = self.namespace.path(), "a handler panicked");
        }
    }
}

impl fmt::Debug for Socket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Socket").field("id", &self.id).finish_non_exhaustive()
    }
}
