//! The task that owns a connection: reader, writer, heartbeat and turns in one loop.
//!
//! It ends when the transport is gone, or after a close when what was queued is written or the
//! peer took too long for it. Sockets hear of the end at its beginning, never later.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll};

use tokio::time::{Instant, Sleep};

use super::frame::Frame;
use super::heart::{Beat, Heart};
use super::mailbox::{Conn, Request};
use super::payload::{Part, split_payload};
use super::polling::Polling;
use super::slots::Slots;
use crate::io::Shared;
use crate::socket::handler::{Handshake, Reason, TransportKind};
use crate::stats::count;
use crate::websocket::frame::Message;
use crate::websocket::link::{Broken, Link};

const PONG_OPCODE: u8 = 0xa;
const CLOSE_OPCODE: u8 = 0x8;

enum Transport {
    Polling(Polling),
    WebSocket(Box<Link>),
}

/// A WebSocket that is taking over.
struct Probe {
    link: Box<Link>,
    probed: bool,
    until: Instant,
}

/// A connection's task.
pub(crate) struct Driver {
    io: Arc<Shared>,
    conn: Arc<Conn>,
    transport: Transport,
    probe: Option<Box<Probe>>,
    heart: Heart,
    slots: Slots,
    sleep: Pin<Box<Sleep>>,
    /// Until when a first CONNECT must have come.
    connect_by: Option<Instant>,
    /// Until when the peer must have taken what is being written.
    write_by: Option<Instant>,
    /// Until when the close may take.
    close_by: Option<Instant>,
    done: bool,
}

impl Driver {
    pub(crate) fn new(
        io: Arc<Shared>,
        conn: Arc<Conn>,
        link: Option<Box<Link>>,
        handshake: Arc<Handshake>,
    ) -> Self {
        let now = Instant::now();
        let config = &io.config;
        let transport = match link {
            Some(link) => Transport::WebSocket(link),
            None => Transport::Polling(Polling::default()),
        };
        Self {
            heart: Heart::new(config.ping_interval, config.ping_timeout, now),
            connect_by: Some(now + config.connect_timeout),
            slots: Slots::new(Arc::clone(&io), Arc::clone(&conn), handshake),
            sleep: Box::pin(tokio::time::sleep_until(now)),
            transport,
            probe: None,
            write_by: None,
            close_by: None,
            done: false,
            io,
            conn,
        }
    }

    /// Runs until the connection is over.
    pub(crate) async fn run(mut self) {
        std::future::poll_fn(|cx| self.poll(cx)).await;
        self.slots.end(Reason::TransportClose);
        self.conn.kill();
        self.io.sessions.remove(&self.conn.sid);
        self.io.counters.connections.fetch_sub(1, Ordering::Relaxed);
        self.io.closed.notify_waiters();
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        const ROUNDS: usize = 16;
        self.conn.register(cx.waker());
        for _ in 0..ROUNDS {
            let mut moved = self.take_requests();
            moved |= self.poll_probe(cx);
            moved |= self.poll_read(cx);
            moved |= self.poll_turns(cx);
            moved |= self.poll_write(cx);
            moved |= self.poll_clock(cx);
            if self.done {
                return Poll::Ready(());
            }
            if !moved {
                return Poll::Pending;
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    fn take_requests(&mut self) -> bool {
        let mut moved = false;
        while let Some(request) = self.conn.take_request() {
            moved = true;
            match request {
                Request::Poll(reply) => match &mut self.transport {
                    Transport::Polling(_) if self.close_by.is_some() => {
                        Polling::close_late(reply);
                        self.done = true;
                    }
                    Transport::Polling(polling) => {
                        if !polling.wait(reply) {
                            self.abort(Reason::TransportError);
                        }
                    }
                    Transport::WebSocket(_) => {}
                },
                Request::Post(body, reply) => {
                    self.take_payload(&body);
                    let _ = reply.send(());
                }
                Request::Upgrade(link) => self.begin_probe(link),
                Request::Left(path) => self.slots.forget(&path),
                Request::Close(reason) => self.close(reason),
                Request::Abort => self.abort(Reason::TransportError),
            }
        }
        moved
    }

    /// The packets of a POST.
    fn take_payload(&mut self, body: &[u8]) {
        let Ok(parts) = split_payload(body) else { return self.abort(Reason::ParseError) };
        for part in parts {
            if self.close_by.is_some() || self.done {
                return;
            }
            match part {
                Part::Text(text) => self.take_text(&text),
                Part::Binary(bytes) => {
                    self.heart.refresh(Instant::now());
                    self.take(|slots| slots.binary(bytes));
                }
            }
        }
    }

    /// One Engine.IO packet in text.
    fn take_text(&mut self, text: &str) {
        let now = Instant::now();
        match text.as_bytes().first() {
            Some(b'3') => self.heart.pong(now),
            Some(b'4') => {
                self.heart.refresh(now);
                count(&self.io.counters.packets_in);
                self.take(|slots| slots.text(&text[1..]));
            }
            Some(b'1') => {
                if let Transport::Polling(polling) = &mut self.transport {
                    polling.release();
                }
                self.abort(Reason::TransportClose);
            }
            Some(b'6') => {}
            _ => self.abort(Reason::ParseError),
        }
    }

    fn take(&mut self, packet: impl FnOnce(&mut Slots) -> Result<(), ()>) {
        match packet(&mut self.slots) {
            Ok(()) if self.slots.has_any() => self.connect_by = None,
            Ok(()) => {}
            Err(()) => self.close(Reason::ParseError),
        }
    }

    fn begin_probe(&mut self, mut link: Box<Link>) {
        if matches!(self.transport, Transport::WebSocket(_)) || self.probe.is_some() {
            link.push_frame(CLOSE_OPCODE, &[]);
            tokio::spawn(async move {
                let _ = std::future::poll_fn(|cx| link.poll_flush(cx)).await;
            });
            return;
        }
        let until = Instant::now() + self.io.config.upgrade_timeout;
        self.probe = Some(Box::new(Probe { link, probed: false, until }));
    }

    fn poll_probe(&mut self, cx: &mut Context<'_>) -> bool {
        let Some(probe) = &mut self.probe else { return false };
        let _ = probe.link.poll_flush(cx);
        match probe.link.poll_message(cx) {
            Poll::Pending => return false,
            Poll::Ready(Ok(Message::Text(text))) if text == "2probe" && !probe.probed => {
                probe.probed = true;
                probe.link.push(Frame::text(&[b"3probe"]).websocket());
                let _ = probe.link.poll_flush(cx);
                if let Transport::Polling(polling) = &mut self.transport {
                    polling.release();
                }
            }
            Poll::Ready(Ok(Message::Text(text))) if text == "5" && probe.probed => {
                self.finish_probe();
            }
            Poll::Ready(_) => self.drop_probe(cx),
        }
        true
    }

    fn finish_probe(&mut self) {
        let Some(probe) = self.probe.take() else { return };
        if let Transport::Polling(polling) = &mut self.transport {
            polling.release();
        }
        self.transport = Transport::WebSocket(probe.link);
        self.conn.set_transport(TransportKind::WebSocket);
        count(&self.io.counters.upgrades);
    }

    fn drop_probe(&mut self, cx: &mut Context<'_>) {
        if let Some(mut probe) = self.probe.take() {
            probe.link.push_frame(CLOSE_OPCODE, &[]);
            let _ = probe.link.poll_flush(cx);
            self.conn.upgrading.store(false, Ordering::Release);
        }
    }

    fn poll_read(&mut self, cx: &mut Context<'_>) -> bool {
        let mut moved = false;
        loop {
            if self.done || self.slots.is_busy() {
                // The peer is not read, so it is not blamed for its silence either.
                self.heart.refresh(Instant::now());
                return moved;
            }
            let message = match &mut self.transport {
                Transport::Polling(polling) => {
                    if polling.poll_aborted(cx).is_ready() {
                        self.abort(Reason::TransportClose);
                        return true;
                    }
                    return moved;
                }
                Transport::WebSocket(link) => link.poll_message(cx),
            };
            match message {
                Poll::Pending => return moved,
                Poll::Ready(message) => self.take_message(message),
            }
            moved = true;
        }
    }

    fn take_message(&mut self, message: Result<Message, Broken>) {
        if self.close_by.is_some() {
            // Only the peer's end is of interest any more.
            self.done |= matches!(message, Err(_) | Ok(Message::Close));
            return;
        }
        match message {
            Ok(Message::Text(text)) => self.take_text(&text),
            Ok(Message::Binary(bytes)) => {
                self.heart.refresh(Instant::now());
                self.take(|slots| slots.binary(bytes));
            }
            Ok(Message::Ping(payload)) => self.push_raw(PONG_OPCODE, &payload),
            Ok(Message::Pong) => {}
            Ok(Message::Close) => {
                self.push_raw(CLOSE_OPCODE, &[]);
                self.close(Reason::TransportClose);
            }
            Err(Broken::Gone) => self.abort(Reason::TransportClose),
            Err(Broken::Code(code)) => {
                self.push_raw(CLOSE_OPCODE, &code.to_be_bytes());
                self.finish(Reason::TransportError);
            }
        }
    }

    fn push_raw(&mut self, opcode: u8, payload: &[u8]) {
        if let Transport::WebSocket(link) = &mut self.transport {
            link.push_frame(opcode, payload);
        }
    }

    fn poll_turns(&mut self, cx: &mut Context<'_>) -> bool {
        if self.close_by.is_some() || self.done {
            return false;
        }
        self.slots.poll(cx)
    }

    fn poll_write(&mut self, cx: &mut Context<'_>) -> bool {
        if self.conn.is_full() && self.close_by.is_none() {
            self.abort(Reason::Overflow);
            return true;
        }
        let closing = self.close_by.is_some();
        match &mut self.transport {
            Transport::Polling(polling) => {
                if polling.is_waiting() && self.conn.has_frames() {
                    let frames: Vec<Frame> = self.conn.take_frames().into();
                    polling.answer(&frames);
                    return true;
                }
                if polling.is_waiting() && self.probe.as_ref().is_some_and(|probe| probe.probed) {
                    polling.release();
                    return true;
                }
                if closing && polling.close() {
                    self.done = true;
                }
                false
            }
            Transport::WebSocket(link) => {
                if link.is_flushed() {
                    self.conn.take_frames().into_iter().for_each(|f| link.push(f.websocket()));
                    self.write_by = None;
                }
                match link.poll_flush(cx) {
                    Poll::Ready(Ok(())) if closing => self.done = true,
                    Poll::Ready(Ok(())) => self.write_by = None,
                    Poll::Ready(Err(_)) => self.abort(Reason::TransportError),
                    Poll::Pending => {
                        let until = Instant::now() + self.io.config.write_timeout;
                        self.write_by.get_or_insert(until);
                        return false;
                    }
                }
                self.conn.has_frames()
            }
        }
    }

    fn poll_clock(&mut self, cx: &mut Context<'_>) -> bool {
        let now = Instant::now();
        let passed = |at: Option<Instant>| at.is_some_and(|at| at <= now);
        if passed(self.close_by) {
            self.done = true;
        } else if self.close_by.is_none() {
            if passed(self.connect_by) || passed(self.write_by) {
                self.abort(Reason::TransportClose);
            }
            if passed(self.probe.as_ref().map(|probe| probe.until)) {
                self.drop_probe(cx);
            }
            match self.heart.beat(now) {
                Beat::Rest => {}
                Beat::Ping => {
                    self.conn.push(&[Frame::text(&[b"2"])], false);
                    return true;
                }
                Beat::Dead => self.abort(Reason::PingTimeout),
            }
        }
        if self.done {
            return true;
        }
        let next = self.next_deadline();
        if self.sleep.deadline() != next {
            self.sleep.as_mut().reset(next);
        }
        self.sleep.as_mut().poll(cx).is_ready()
    }

    fn next_deadline(&self) -> Instant {
        if let Some(close_by) = self.close_by {
            return close_by;
        }
        let probe = self.probe.as_ref().map(|probe| probe.until);
        let others = [self.connect_by, self.write_by, probe];
        others.into_iter().flatten().fold(self.heart.due(), Instant::min)
    }

    /// Ends in good order: what is queued is still sent.
    fn close(&mut self, reason: Reason) {
        if let Transport::WebSocket(link) = &mut self.transport {
            if self.close_by.is_none() {
                self.conn.take_frames().into_iter().for_each(|f| link.push(f.websocket()));
                link.push_frame(CLOSE_OPCODE, &[]);
            }
        }
        self.finish(reason);
    }

    /// Sockets hear of it now; the transport gets the rest of its time.
    fn finish(&mut self, reason: Reason) {
        self.slots.end(reason);
        let polite = match &self.transport {
            Transport::Polling(_) => self.io.config.ping_timeout.min(self.io.config.write_timeout),
            Transport::WebSocket(_) => self.io.config.write_timeout,
        };
        self.close_by.get_or_insert(Instant::now() + polite);
    }

    /// Ends at once.
    fn abort(&mut self, reason: Reason) {
        self.slots.end(reason);
        if let Transport::Polling(polling) = &mut self.transport {
            polling.close();
        }
        self.done = true;
    }
}
