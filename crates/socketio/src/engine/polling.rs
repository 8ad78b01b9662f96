//! A polling transport, as the connection's task sees it: at most one GET waits.

use std::task::{Context, Poll};

use tokio::sync::oneshot;

use super::frame::Frame;
use super::mailbox::PollAnswer;
use super::payload::join;

const NOOP: &str = "6";
const CLOSE: &str = "1";
/// What the last GET of a closed session hears.
const NOOP_CLOSE: &str = "6\x1e1";

/// The waiting GET, if any.
#[derive(Default)]
pub(crate) struct Polling {
    waiting: Option<oneshot::Sender<PollAnswer>>,
}

impl Polling {
    /// A GET comes. `false` if another one waits: both end, and so does the session.
    pub(crate) fn wait(&mut self, reply: oneshot::Sender<PollAnswer>) -> bool {
        match self.waiting.take() {
            Some(first) => {
                let _ = first.send(PollAnswer::Body(CLOSE.to_owned()));
                let _ = reply.send(PollAnswer::Overlap);
                false
            }
            None => {
                self.waiting = Some(reply);
                true
            }
        }
    }

    pub(crate) fn is_waiting(&self) -> bool {
        self.waiting.is_some()
    }

    /// Answers the waiting GET with everything there is.
    pub(crate) fn answer(&mut self, frames: &[Frame]) {
        self.send(join(frames));
    }

    /// Releases the waiting GET with nothing.
    pub(crate) fn release(&mut self) {
        self.send(NOOP.to_owned());
    }

    /// Tells the waiting GET that the session is closed; `false` if none waits.
    pub(crate) fn close(&mut self) -> bool {
        let waits = self.is_waiting();
        self.send(CLOSE.to_owned());
        waits
    }

    /// Tells a GET that comes after the close.
    pub(crate) fn close_late(reply: oneshot::Sender<PollAnswer>) {
        let _ = reply.send(PollAnswer::Body(NOOP_CLOSE.to_owned()));
    }

    fn send(&mut self, body: String) {
        if let Some(reply) = self.waiting.take() {
            let _ = reply.send(PollAnswer::Body(body));
        }
    }

    /// Ready when the waiting GET was aborted by the client.
    pub(crate) fn poll_aborted(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        match &mut self.waiting {
            Some(reply) => reply.poll_closed(cx),
            None => Poll::Pending,
        }
    }
}
