//! The upgrade: a WebSocket takes over from polling.
//!
//! It says `2probe` and hears `3probe`; a waiting GET is released; it says `5`, and from then on
//! everything goes through it. If it says anything else, it alone is closed.

use std::task::{Context, Poll};

use tokio::time::Instant;

use super::{Driver, Transport};
use crate::engine::frame::Frame;
use crate::socket::handler::TransportKind;
use crate::stats::count;
use crate::websocket::frame::Message;
use crate::websocket::link::Link;

/// A WebSocket that is taking over.
pub(super) struct Probe {
    link: Box<Link>,
    probed: bool,
    until: Instant,
}

impl Probe {
    pub(super) fn until(&self) -> Instant {
        self.until
    }
}

impl Driver {
    pub(super) fn begin_probe(&mut self, link: Box<Link>) {
        if self.polling().is_none() || self.probe.is_some() || self.closing.is_some() {
            return link.dismiss();
        }
        let until = Instant::now() + self.io.config.upgrade_timeout;
        self.probe = Some(Box::new(Probe { link, probed: false, until }));
    }

    pub(super) fn poll_probe(&mut self, cx: &mut Context<'_>) -> bool {
        if self.done {
            return false;
        }
        let closing = self.closing.is_some();
        let Some(probe) = &mut self.probe else { return false };
        let mut message = probe.link.poll_message(cx);
        if let Poll::Ready(Ok(Message::Ping(payload))) = message {
            probe.link.pong(payload);
            message = probe.link.poll_message(cx);
        }
        let _ = probe.link.poll_flush(cx, &self.io.counters.writes);
        match message {
            Poll::Pending => return false,
            Poll::Ready(Ok(Message::Text(text)))
                if text == "2probe" && !probe.probed && !closing =>
            {
                probe.probed = true;
                probe.link.push(Frame::text(&[b"3probe"]).websocket());
                let _ = probe.link.poll_flush(cx, &self.io.counters.writes);
            }
            Poll::Ready(Ok(Message::Text(text))) if text == "5" && probe.probed => {
                self.finish_probe();
            }
            Poll::Ready(_) => self.drop_probe(),
        }
        true
    }

    fn finish_probe(&mut self) {
        let Some(probe) = self.probe.take() else { return };
        let websocket = Transport::WebSocket(probe.link);
        self.conn.set_transport(TransportKind::WebSocket);
        if let Transport::Polling(polling) = std::mem::replace(&mut self.transport, websocket) {
            polling.hand_over();
        }
        count(&self.io.counters.upgrades);
        self.say_goodbye();
    }

    /// Whether a WebSocket was answered its probe.
    pub(super) fn is_probed(&self) -> bool {
        self.probe.as_ref().is_some_and(|probe| probe.probed)
    }

    /// When a GET that waits is to be released, because a WebSocket has probed.
    pub(super) fn release_at(&self, now: Instant) -> Option<Instant> {
        match (&self.transport, &self.probe) {
            (Transport::Polling(polling), Some(probe)) if probe.probed => polling.release_at(now),
            _ => None,
        }
    }

    pub(super) fn drop_probe(&mut self) {
        if let Some(probe) = self.probe.take() {
            probe.link.dismiss();
            self.conn.end_upgrade();
        }
    }
}
