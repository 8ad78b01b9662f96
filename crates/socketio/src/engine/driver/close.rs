//! The end. Sockets hear of it first; the transport gets a bounded time for the rest.

use std::task::Context;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::Instant;

use super::{Driver, Transport};
use crate::engine::mailbox::PollAnswer;
use crate::engine::polling::Polling;
use crate::socket::handler::Reason;

/// How long a WebSocket may take to say goodbye after everything was written to it.
const LINGER: Duration = Duration::from_secs(1);
/// How long the GET may still be on its way that a client had pending when it asked for the end:
/// the two travel on connections of their own.
const OVERTAKEN: Duration = Duration::from_millis(50);

/// Tells clients that look at it that the node goes down in good order (RFC 6455's registry).
const SERVICE_RESTART: u16 = 1012;

/// A close that is under way.
pub(super) struct Closing {
    until: Instant,
    /// Whether everything was written, and only the peer's end is waited for.
    lingers: bool,
    /// Whether the client asked for it.
    asked: bool,
    /// What a WebSocket is told.
    code: Option<u16>,
}

impl Closing {
    pub(super) fn until(&self) -> Instant {
        self.until
    }

    pub(super) fn lingers(&self) -> bool {
        self.lingers
    }
}

impl Driver {
    /// Ends in good order: what is queued is still sent.
    pub(super) fn close(&mut self, reason: Reason) {
        if self.is_ending() {
            return;
        }
        self.finish(reason);
        // A client that was answered its probe may have stopped polling for good: the WebSocket
        // is where it will look for the end.
        if !self.is_probed() {
            self.drop_probe();
        }
        self.say_goodbye();
    }

    /// Puts what is queued and the end into the WebSocket, if there is one.
    pub(super) fn say_goodbye(&mut self) {
        let (Transport::WebSocket(link), Some(closing)) = (&mut self.transport, &self.closing)
        else {
            return;
        };
        self.conn.take_frames().into_iter().for_each(|frame| link.push(frame.websocket()));
        link.push_close(closing.code);
    }

    /// The peer said goodbye, or nothing that could be understood: nothing more is sent to it.
    pub(super) fn answer_close(&mut self, code: Option<u16>, reason: Reason) {
        self.finish(reason);
        self.drop_probe();
        if let Transport::WebSocket(link) = &mut self.transport {
            link.push_close(code);
        }
    }

    fn finish(&mut self, reason: Reason) {
        self.end(reason);
        self.held = None;
        let polite = match &self.transport {
            Transport::Polling(_) => self.io.config.ping_timeout,
            Transport::WebSocket(_) => self.io.config.write_timeout,
        };
        let until = Instant::now() + polite;
        let code = (reason == Reason::Draining).then_some(SERVICE_RESTART);
        self.closing = Some(Closing { until, lingers: false, asked: false, code });
    }

    /// The client asked for the end.
    pub(super) fn part(&mut self) {
        match self.polling() {
            Some(polling) if !polling.is_waiting() => {
                self.finish(Reason::TransportClose);
                self.drop_probe();
                self.conn.take_frames();
                let until = Instant::now() + OVERTAKEN;
                self.closing = Some(Closing { until, lingers: false, asked: true, code: None });
            }
            Some(polling) => {
                polling.release();
                self.abort(Reason::TransportClose);
            }
            None => self.abort(Reason::TransportClose),
        }
    }

    /// Sockets hear of the end, and nothing more is taken in.
    fn end(&mut self, reason: Reason) {
        if self.connect_by.take().is_some() {
            // Of a socket's end its handler tells; here there was none.
            self.note_stranger(reason);
        }
        self.slots.end(reason);
        self.conn.seal();
    }

    fn note_stranger(&self, reason: Reason) {
        let (handshake, traffic) = (self.slots.handshake(), self.conn.traffic());
        tracing::info!(
            target: "zvon::access",
            peer = %handshake.address.ip(),
            transport = self.conn.transport().word(),
            duration_ms = handshake.age().as_millis() as u64,
            reason = reason.word(),
            packets_in = traffic.packets_in,
            packets_out = traffic.packets_out,
            "connection ended without a socket"
        );
    }

    /// Answers a GET that comes after the close: first with what was queued before it.
    pub(super) fn tell_late(&mut self, reply: oneshot::Sender<PollAnswer>) {
        let frames = self.conn.take_frames();
        match &self.closing {
            Some(closing) if closing.asked => Polling::release_late(reply),
            _ if !frames.is_empty() => return Polling::answer_late(reply, &frames),
            _ => Polling::close_late(reply),
        }
        self.done = true;
    }

    /// Everything was written: with a close under way, waits a little for the peer's end, so
    /// that what it still sends does not make the kernel throw away what was sent to it.
    pub(super) fn linger(&mut self, cx: &mut Context<'_>) {
        let Some(closing) = self.closing.as_mut().filter(|closing| !closing.lingers) else {
            return;
        };
        if let Transport::WebSocket(link) = &mut self.transport {
            closing.lingers = true;
            closing.until = closing.until.min(Instant::now() + LINGER);
            self.done |= link.poll_shutdown(cx) || link.poll_discard(cx).is_ready();
        }
    }

    /// Ends at once.
    pub(super) fn abort(&mut self, reason: Reason) {
        self.end(reason);
        self.drop_probe();
        match &mut self.transport {
            Transport::Polling(polling) => polling.close(),
            Transport::WebSocket(link) => link.try_close(),
        }
        self.done = true;
    }
}
