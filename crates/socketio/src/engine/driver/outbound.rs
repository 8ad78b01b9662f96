//! What waits is written: all of it in one answer to a poll, or in as few writes as can be.

use std::task::{Context, Poll};

use tokio::time::Instant;

use super::{Driver, Transport};
use crate::engine::polling::Polling;
use crate::socket::handler::Reason;

impl Driver {
    pub(super) fn poll_write(&mut self, cx: &mut Context<'_>) -> bool {
        if self.done {
            return false;
        }
        if self.conn.is_full() && self.closing.is_none() {
            self.abort(Reason::Overflow);
            return true;
        }
        match self.transport {
            Transport::Polling(_) => self.answer_poll(),
            Transport::WebSocket(_) => self.flush(cx),
        }
    }

    /// Answers the GET that waits with what there is, or with nothing if it must end.
    pub(super) fn answer_poll(&mut self) -> bool {
        let now = Instant::now();
        let release = self.release_at(now).is_some_and(|at| at <= now);
        let Transport::Polling(polling) = &mut self.transport else { return false };
        if !polling.is_waiting() {
            return false;
        }
        let frames = self.conn.take_frames();
        if !frames.is_empty() {
            // With a close under way, too: the official client would put events aside that come
            // with the end in one answer, and show them after its reconnection, once more.
            if !polling.answer(&frames) {
                self.abort(Reason::TransportClose);
            }
        } else if self.closing.is_some() {
            polling.close();
            self.done = true;
        } else if release {
            polling.release();
        } else {
            return false;
        }
        true
    }

    fn flush(&mut self, cx: &mut Context<'_>) -> bool {
        let Transport::WebSocket(link) = &mut self.transport else { return false };
        if link.is_flushed() && self.closing.is_none() {
            self.conn.take_frames().into_iter().for_each(|frame| link.push(frame.websocket()));
        }
        let written = link.written();
        let flushed = link.poll_flush(cx, &self.io.counters.writes);
        let progress = link.written() != written;
        match flushed {
            Poll::Ready(Ok(())) => {
                self.write_by = None;
                self.linger(cx);
                self.closing.is_none() && self.conn.has_frames()
            }
            Poll::Ready(Err(_)) => {
                self.abort(Reason::TransportError);
                true
            }
            Poll::Pending => {
                if progress || self.write_by.is_none() {
                    self.write_by = Some(Instant::now() + self.io.config.write_timeout);
                }
                false
            }
        }
    }

    /// The polling transport, if it is the one.
    pub(super) fn polling(&mut self) -> Option<&mut Polling> {
        match &mut self.transport {
            Transport::Polling(polling) => Some(polling),
            Transport::WebSocket(_) => None,
        }
    }
}
