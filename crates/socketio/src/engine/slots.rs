//! The namespaces of one connection: connecting to them, and the turns of their sockets.
//!
//! Turns of a socket start in the order of its events. A serial turn runs alone; pipelined ones
//! overlap each other and are first polled in order. When too many events wait, the connection
//! is not read until some are done. A turn that panics closes the connection, no more.

use std::collections::VecDeque;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use super::frame::Frame;
use super::mailbox::{Conn, Request};
use crate::io::Shared;
use crate::socket::admit::{Outcome, connect};
use crate::socket::args::{Args, Assembly};
use crate::socket::event::Event;
use crate::socket::handler::{Handshake, Reason, Turn};
use crate::socket::parser::{Incoming, Kind, parse};
use crate::socket::peer::Socket;

/// One namespace of the connection.
struct Slot {
    path: Arc<str>,
    state: State,
}

enum State {
    Connecting(BoxFuture<'static, Outcome>),
    Live(Box<Live>),
}

struct Live {
    socket: Arc<Socket>,
    waiting: VecDeque<Event>,
    next: Option<Turn>,
    running: Vec<BoxFuture<'static, ()>>,
    serial: bool,
}

/// All namespaces of a connection.
pub(crate) struct Slots {
    io: Arc<Shared>,
    conn: Arc<Conn>,
    handshake: Arc<Handshake>,
    slots: Vec<Slot>,
    assembly: Option<Box<(Incoming, Assembly)>>,
}

impl Slots {
    pub(crate) fn new(io: Arc<Shared>, conn: Arc<Conn>, handshake: Arc<Handshake>) -> Self {
        Self { io, conn, handshake, slots: Vec::new(), assembly: None }
    }

    /// Whether any namespace is joined or being joined.
    pub(crate) fn has_any(&self) -> bool {
        !self.slots.is_empty()
    }

    /// Whether so many events wait that no more should be read.
    pub(crate) fn is_busy(&self) -> bool {
        let limit = self.io.config.max_inflight;
        self.slots.iter().any(|slot| match &slot.state {
            State::Live(live) => live.waiting.len() >= limit,
            State::Connecting(_) => false,
        })
    }

    /// A Socket.IO packet in text.
    pub(crate) fn text(&mut self, text: &str) -> Result<(), ()> {
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
                self.connect(&packet);
                Ok(())
            }
            (Kind::Event | Kind::BinaryEvent, Some(index)) => {
                self.event(index, packet, attachments)
            }
            (Kind::Ack | Kind::BinaryAck, Some(index)) => {
                let State::Live(live) = &self.slots[index].state else { return Err(()) };
                let args = Args::parse(packet.data.as_deref().ok_or(())?, attachments)?;
                live.socket.answer(packet.id.ok_or(())?, args);
                Ok(())
            }
            (Kind::Disconnect, Some(index)) => {
                if let State::Live(live) = self.slots.swap_remove(index).state {
                    live.socket.end(Reason::ClientDisconnect);
                }
                Ok(())
            }
            _ => Err(()),
        }
    }

    fn connect(&mut self, packet: &Incoming) {
        let path: Arc<str> = packet.namespace.as_str().into();
        let Some(namespace) = self.io.namespaces.read().get(&path).cloned() else {
            let text = format!("4{}", refused(&path, "Invalid namespace", None));
            self.conn.push(&[Frame::text(&[text.as_bytes()])], false);
            return;
        };
        let (conn, handshake) = (Arc::clone(&self.conn), Arc::clone(&self.handshake));
        let flow = connect(namespace, conn, handshake, packet.data.clone());
        self.slots.push(Slot { path, state: State::Connecting(Box::pin(flow)) });
    }

    fn event(&mut self, index: usize, packet: Incoming, files: Vec<Bytes>) -> Result<(), ()> {
        let State::Live(live) = &mut self.slots[index].state else { return Err(()) };
        let event = Event::parse(packet, files, &live.socket)?;
        live.waiting.push_back(event);
        Ok(())
    }

    /// The server disconnected a socket by itself.
    pub(crate) fn forget(&mut self, path: &str) {
        self.slots.retain(|slot| *slot.path != *path);
    }

    /// Goes on with what can go on; whether anything did.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> bool {
        let mut moved = false;
        let max = self.io.config.max_inflight;
        let mut index = 0;
        while index < self.slots.len() {
            let slot = &mut self.slots[index];
            match &mut slot.state {
                State::Connecting(flow) => match flow.poll_unpin(cx) {
                    Poll::Pending => {}
                    Poll::Ready(Outcome::Admitted(socket)) => {
                        slot.state = State::Live(Box::new(Live::new(socket)));
                        moved = true;
                        continue;
                    }
                    Poll::Ready(Outcome::Refused(text)) => {
                        self.conn.push(&[Frame::text(&[b"4", text.as_bytes()])], false);
                        self.slots.swap_remove(index);
                        moved = true;
                        continue;
                    }
                },
                State::Live(live) => match live.poll(cx, max) {
                    Ok(went_on) => moved |= went_on,
                    Err(Panicked) => self.conn.ask(Request::Close(Reason::ServerError)),
                },
            }
            index += 1;
        }
        moved
    }

    /// All sockets end; turns that are under way are dropped.
    pub(crate) fn end(&mut self, reason: Reason) {
        for slot in self.slots.drain(..) {
            if let State::Live(live) = slot.state {
                live.socket.end(reason);
            }
        }
    }
}

/// The body of a CONNECT_ERROR.
pub(crate) fn refused(path: &str, message: &str, data: Option<&serde_json::Value>) -> String {
    let mut body = serde_json::json!({ "message": message });
    if let Some(data) = data {
        body["data"] = data.clone();
    }
    if path == "/" { format!("4{body}") } else { format!("4{path},{body}") }
}

struct Panicked;

impl Live {
    fn new(socket: Arc<Socket>) -> Self {
        let handler = Arc::clone(socket.namespace().handler());
        let greeted = Arc::clone(&socket);
        let greet = Box::pin(async move { handler.on_connect(&greeted).await });
        let waiting = VecDeque::new();
        Self {
            socket,
            waiting,
            next: Some(Turn::Serial(greet)),
            running: Vec::new(),
            serial: false,
        }
    }

    fn poll(&mut self, cx: &mut Context<'_>, max: usize) -> Result<bool, Panicked> {
        let mut moved = false;
        loop {
            let started = self.start(max)?;
            let finished = self.poll_running(cx)?;
            moved |= started | finished;
            if !finished {
                return Ok(moved);
            }
        }
    }

    fn start(&mut self, max: usize) -> Result<bool, Panicked> {
        let mut moved = false;
        while !self.serial {
            let turn = match self.next.take() {
                Some(turn) => turn,
                None => match self.waiting.pop_front() {
                    Some(event) => self.turn(event)?,
                    None => break,
                },
            };
            match turn {
                Turn::Done => {}
                Turn::Serial(work) if self.running.is_empty() => {
                    self.running.push(work);
                    self.serial = true;
                }
                Turn::Pipelined(work) if self.running.len() < max => self.running.push(work),
                later => {
                    self.next = Some(later);
                    break;
                }
            }
            moved = true;
        }
        if self.waiting.is_empty() {
            self.waiting = VecDeque::new();
        }
        Ok(moved)
    }

    fn turn(&self, event: Event) -> Result<Turn, Panicked> {
        let handler = self.socket.namespace().handler();
        let work = AssertUnwindSafe(|| handler.on_event(&self.socket, event));
        std::panic::catch_unwind(work).map_err(|_| Panicked)
    }

    fn poll_running(&mut self, cx: &mut Context<'_>) -> Result<bool, Panicked> {
        let before = self.running.len();
        let mut index = 0;
        while index < self.running.len() {
            let work = &mut self.running[index];
            let polled = std::panic::catch_unwind(AssertUnwindSafe(|| work.poll_unpin(cx)));
            match polled.map_err(|_| Panicked)? {
                Poll::Ready(()) => drop(self.running.remove(index)),
                Poll::Pending => index += 1,
            }
        }
        if self.running.is_empty() {
            self.running = Vec::new();
            self.serial = false;
        }
        Ok(self.running.len() < before)
    }
}
