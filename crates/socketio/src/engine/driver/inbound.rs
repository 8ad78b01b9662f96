//! What comes: requests of others, packets of the peer.

use std::task::{Context, Poll};

use tokio::sync::oneshot;
use tokio::time::Instant;

use super::close::Closing;
use super::{Driver, Transport};
use crate::engine::mailbox::Request;
use crate::engine::payload::{Part, Payload};
use crate::engine::slots::Slots;
use crate::socket::handler::Reason;
use crate::stats::count;
use crate::websocket::frame::Message;
use crate::websocket::link::Broken;

/// A POST whose packets are being taken; it is answered when all are.
pub(super) struct Held {
    payload: Payload,
    reply: oneshot::Sender<()>,
}

impl Driver {
    pub(super) fn take_requests(&mut self) -> bool {
        let mut moved = false;
        while let Some(request) = self.conn.take_request() {
            moved = true;
            match request {
                Request::Poll(reply) => match &mut self.transport {
                    Transport::Polling(_) if self.closing.is_some() => self.tell_late(reply),
                    Transport::Polling(polling) => {
                        if !polling.wait(reply, self.conn.is_upgrading()) {
                            self.abort(Reason::TransportError);
                        }
                    }
                    Transport::WebSocket(_) => {}
                },
                Request::Post(body, reply) => match Payload::new(body) {
                    Ok(payload) => self.held = Some(Box::new(Held { payload, reply })),
                    Err(()) => self.refuse_post(reply),
                },
                Request::Upgrade(link) => self.begin_probe(link),
                Request::Left(socket) => self.slots.forget(&socket),
                Request::Close(reason) => self.close(reason),
                Request::Abort => self.abort(Reason::TransportError),
            }
        }
        moved
    }

    fn refuse_post(&mut self, reply: oneshot::Sender<()>) {
        self.abort(Reason::ParseError);
        let _ = reply.send(());
    }

    /// The packets of a POST, as far as there is room for them.
    pub(super) fn take_held(&mut self) -> bool {
        let Some(mut held) = self.held.take() else { return false };
        let mut moved = false;
        while !self.is_ending() {
            if self.slots.is_busy() {
                self.heart.hold(Instant::now());
                self.held = Some(held);
                return moved;
            }
            moved = true;
            match held.payload.next() {
                Some(Ok(Part::Text(text))) => self.take_text(&text),
                Some(Ok(Part::Binary(bytes))) => {
                    self.heart.refresh(Instant::now());
                    self.take(|slots| slots.binary(bytes));
                }
                Some(Err(())) => self.abort(Reason::ParseError),
                None => break,
            }
        }
        let _ = held.reply.send(());
        true
    }

    /// One Engine.IO packet in text.
    fn take_text(&mut self, text: &str) {
        let now = Instant::now();
        match text.as_bytes().first() {
            Some(b'3') => self.heart.pong(now),
            Some(b'4') => {
                self.heart.refresh(now);
                count(&self.io.counters.packets_in);
                count(&self.conn.packets_in);
                self.take(|slots| slots.text(&text[1..]));
            }
            Some(b'1') => self.part(),
            Some(b'6') => {}
            _ => self.abort(Reason::ParseError),
        }
    }

    fn take(&mut self, packet: impl FnOnce(&mut Slots) -> Result<(), ()>) {
        if packet(&mut self.slots).is_err() {
            self.close(Reason::ParseError);
        }
    }

    pub(super) fn poll_read(&mut self, cx: &mut Context<'_>) -> bool {
        let mut moved = false;
        let lingers = self.closing.as_ref().is_some_and(Closing::lingers);
        while !self.done {
            let message = match &mut self.transport {
                Transport::Polling(polling) => {
                    if polling.poll_aborted(cx).is_ready() {
                        self.abort(Reason::TransportClose);
                        return true;
                    }
                    return moved;
                }
                Transport::WebSocket(link) if self.closing.is_some() => {
                    self.done |= lingers && link.poll_discard(cx).is_ready();
                    return moved;
                }
                Transport::WebSocket(_) if self.slots.is_busy() => {
                    // The peer is not read, so it is not blamed for its silence either.
                    self.heart.hold(Instant::now());
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
        moved
    }

    fn take_message(&mut self, message: Result<Message, Broken>) {
        match message {
            Ok(Message::Text(text)) => self.take_text(&text),
            Ok(Message::Binary(bytes)) => {
                self.heart.refresh(Instant::now());
                self.take(|slots| slots.binary(bytes));
            }
            Ok(Message::Ping(payload)) => {
                if let Transport::WebSocket(link) = &mut self.transport {
                    link.pong(payload);
                }
            }
            Ok(Message::Pong) => {}
            Ok(Message::Close) => self.answer_close(None, Reason::TransportClose),
            Err(Broken::Code(code)) => self.answer_close(Some(code), Reason::TransportError),
            Err(Broken::Gone) => self.abort(Reason::TransportClose),
        }
    }
}
