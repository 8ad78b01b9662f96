//! The namespaces of one connection: connecting to them, and the turns of their sockets.
//!
//! Packets are taken in the order in which they came. When too many events wait, by number or by
//! bytes, the connection is not read until some are done. A handler that panics closes the
//! connection, no more.

mod live;
mod slot;

use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;

use self::live::Live;
use self::slot::{Slot, State, Step};
use super::mailbox::{Conn, Request};
use super::raw::{RawMessage, RawPeer};
use crate::io::Shared;
use crate::socket::admit::connect;
use crate::socket::args::{Args, Assembly};
use crate::socket::event::Event;
use crate::socket::greeting::refused;
use crate::socket::handler::{Handshake, Reason};
use crate::socket::parser::{Incoming, Kind, parse};
use crate::socket::peer::Socket;

/// All namespaces of a connection.
pub(crate) struct Slots {
    io: Arc<Shared>,
    conn: Arc<Conn>,
    handshake: Arc<Handshake>,
    slots: Vec<Slot>,
    /// Sockets that have ended, but not all of whose turns have.
    leaving: Vec<Live>,
    assembly: Option<Box<(Incoming, Assembly)>>,
}

impl Slots {
    pub(crate) fn new(io: Arc<Shared>, conn: Arc<Conn>, handshake: Arc<Handshake>) -> Self {
        Self { io, conn, handshake, slots: Vec::new(), leaving: Vec::new(), assembly: None }
    }

    /// The request that the connection began with.
    pub(crate) fn handshake(&self) -> &Handshake {
        &self.handshake
    }

    /// Whether any namespace is joined.
    pub(crate) fn has_joined(&self) -> bool {
        self.slots.iter().any(|slot| matches!(slot.state, State::Live(_)))
    }

    /// Whether so many events wait that no more should be read.
    pub(crate) fn is_busy(&self) -> bool {
        let config = &self.io.config;
        self.slots.iter().any(|slot| match &slot.state {
            State::Live(live) => live.is_busy(config.max_inflight, config.max_queue_bytes),
            State::Connecting(_) => false,
        })
    }

    /// A Socket.IO packet in text.
    pub(crate) fn text(&mut self, text: &str) -> Result<(), ()> {
        if let Some(raw) = &self.io.raw {
            raw.on_message(&RawPeer::new(&self.conn), RawMessage::Text(text.to_owned()));
            return Ok(());
        }
        if self.assembly.is_some() {
            return Err(());
        }
        let packet = parse(text, self.io.config.max_attachments)?;
        if packet.attachments > 0 {
            let assembly = Assembly::new(packet.attachments);
            self.assembly = Some(Box::new((packet, assembly)));
            return Ok(());
        }
        self.packet(packet, Vec::new())
    }

    /// An attachment.
    pub(crate) fn binary(&mut self, bytes: Bytes) -> Result<(), ()> {
        if let Some(raw) = &self.io.raw {
            raw.on_message(&RawPeer::new(&self.conn), RawMessage::Binary(bytes));
            return Ok(());
        }
        let mut pending = self.assembly.take().ok_or(())?;
        match pending.1.add(bytes) {
            Some(attachments) => self.packet(pending.0, attachments),
            None => {
                self.assembly = Some(pending);
                Ok(())
            }
        }
    }

    fn packet(&mut self, packet: Incoming, attachments: Vec<Bytes>) -> Result<(), ()> {
        let index = self.slots.iter().position(|slot| *slot.path == *packet.namespace);
        match (packet.kind, index) {
            (Kind::Connect, None) => {
                self.connect(packet);
                Ok(())
            }
            (Kind::Event | Kind::BinaryEvent, Some(index)) => {
                let live = self.live(index)?;
                let event = Event::parse(packet, attachments, live.socket())?;
                live.queue(event);
                Ok(())
            }
            (Kind::Ack | Kind::BinaryAck, Some(index)) => {
                let args = Args::parse(packet.data.as_deref().ok_or(())?, attachments)?;
                let live = self.live(index)?;
                if let Some(id) = packet.id {
                    live.socket().answer(id, args);
                }
                Ok(())
            }
            (Kind::Disconnect, Some(index)) => {
                self.end_slot(index, Reason::ClientDisconnect);
                Ok(())
            }
            _ => Err(()),
        }
    }

    fn live(&mut self, index: usize) -> Result<&mut Live, ()> {
        match &mut self.slots[index].state {
            State::Live(live) => Ok(live),
            State::Connecting(_) => Err(()),
        }
    }

    fn connect(&mut self, packet: Incoming) {
        let path: Arc<str> = packet.namespace.into();
        let Some(namespace) = self.io.namespaces.read().get(&path).cloned() else {
            self.conn.push(&[refused(&path, "Invalid namespace", None)], false);
            return;
        };
        let (conn, handshake) = (Arc::clone(&self.conn), Arc::clone(&self.handshake));
        let flow = connect(namespace, conn, handshake, packet.data);
        self.slots.push(Slot { path, state: State::Connecting(Box::pin(flow)) });
    }

    /// The server disconnected a socket by itself.
    pub(crate) fn forget(&mut self, socket: &Arc<Socket>) {
        let index = self.slots.iter().position(|slot| match &slot.state {
            State::Live(live) => Arc::ptr_eq(live.socket(), socket),
            State::Connecting(_) => false,
        });
        if let Some(index) = index {
            self.end_slot(index, Reason::ServerDisconnect);
        }
    }

    fn end_slot(&mut self, index: usize, reason: Reason) {
        let slot = self.slots.swap_remove(index);
        self.leaving.extend(slot.end(reason));
    }

    /// Goes on with what can go on; whether anything did.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> bool {
        let max = self.io.config.max_inflight;
        let mut moved = self.poll_leaving(cx);
        let mut index = 0;
        while index < self.slots.len() {
            match self.slots[index].poll(cx, max) {
                Step::Rested => {}
                Step::Moved => moved = true,
                Step::Refused(frame) => {
                    self.conn.push(&[frame], false);
                    self.slots.swap_remove(index);
                    moved = true;
                    continue;
                }
                Step::Panicked => {
                    let slot = self.slots.swap_remove(index);
                    tracing::error!(namespace = %slot.path, "a handler panicked");
                    drop(slot.end(Reason::ServerError));
                    self.conn.ask(Request::Close(Reason::ServerError));
                    moved = true;
                    continue;
                }
            }
            index += 1;
        }
        moved
    }

    /// Goes on with the turns of sockets that have ended; whether any is over.
    pub(crate) fn poll_leaving(&mut self, cx: &mut Context<'_>) -> bool {
        let max = self.io.config.max_inflight;
        let before = self.leaving.len();
        self.leaving.retain_mut(|live| live.poll(cx, max).is_ok() && !live.is_finished());
        self.leaving.len() < before
    }

    /// All sockets end.
    pub(crate) fn end(&mut self, reason: Reason) {
        self.leaving.extend(self.slots.drain(..).filter_map(|slot| slot.end(reason)));
        self.assembly = None;
    }

    /// Waits for the turns of sockets that have ended.
    pub(crate) async fn finish(mut self) {
        std::future::poll_fn(|cx| {
            self.poll_leaving(cx);
            if self.leaving.is_empty() { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    }

    /// Whether turns of sockets that have ended are under way.
    pub(crate) fn is_leaving(&self) -> bool {
        !self.leaving.is_empty()
    }
}

impl Drop for Slots {
    fn drop(&mut self) {
        self.end(Reason::TransportClose);
    }
}
