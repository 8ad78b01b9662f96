//! A polling transport, as the connection's task sees it: at most one GET waits.

use std::collections::VecDeque;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::Instant;

use super::frame::Frame;
use super::mailbox::PollAnswer;
use super::payload::join;

const NOOP: &str = "6";
const CLOSE: &str = "1";
/// What the last GET of a closed session hears.
const NOOP_CLOSE: &str = "6\x1e1";

/// How long a GET that comes during an upgrade waits for its end. The two travel on connections of
/// their own: it may have been sent after the end, and then it is none of this session's any more.
const OVERTAKING: Duration = Duration::from_millis(20);

struct Waiting {
    reply: oneshot::Sender<PollAnswer>,
    /// When it came, if that was during an upgrade.
    during_upgrade: Option<Instant>,
}

/// The waiting GET, if any.
#[derive(Default)]
pub(crate) struct Polling {
    waiting: Option<Waiting>,
}

impl Polling {
    /// A GET comes. `false` if another one waits: both end, and so does the session.
    pub(crate) fn wait(&mut self, reply: oneshot::Sender<PollAnswer>, upgrading: bool) -> bool {
        match self.waiting.take() {
            Some(first) => {
                let _ = first.reply.send(PollAnswer::Body(CLOSE.to_owned()));
                let _ = reply.send(PollAnswer::Overlap);
                false
            }
            None => {
                let during_upgrade = upgrading.then(Instant::now);
                self.waiting = Some(Waiting { reply, during_upgrade });
                true
            }
        }
    }

    /// A WebSocket has probed, and waits for the GET to end: when that is to be released, if one
    /// waits.
    pub(crate) fn release_at(&self, now: Instant) -> Option<Instant> {
        let waiting = self.waiting.as_ref()?;
        Some(waiting.during_upgrade.map_or(now, |came| came + OVERTAKING))
    }

    /// A WebSocket has taken over. A GET that came before is released; another one is dropped.
    pub(crate) fn hand_over(mut self) {
        if self.waiting.as_ref().is_some_and(|waiting| waiting.during_upgrade.is_none()) {
            self.release();
        }
    }

    pub(crate) fn is_waiting(&self) -> bool {
        self.waiting.is_some()
    }

    /// Answers the waiting GET with everything there is; `false` if it was aborted just now, and
    /// nobody heard it.
    pub(crate) fn answer(&mut self, frames: &VecDeque<Frame>) -> bool {
        self.send(join(frames))
    }

    /// Releases the waiting GET with nothing.
    pub(crate) fn release(&mut self) {
        self.send(NOOP.to_owned());
    }

    /// Tells the waiting GET that the session is closed.
    pub(crate) fn close(&mut self) {
        self.send(CLOSE.to_owned());
    }

    /// Releases a GET that was overtaken by the client's own close.
    pub(crate) fn release_late(reply: oneshot::Sender<PollAnswer>) {
        let _ = reply.send(PollAnswer::Body(NOOP.to_owned()));
    }

    /// Answers a GET that comes after the close with what was queued before it.
    pub(crate) fn answer_late(reply: oneshot::Sender<PollAnswer>, frames: &VecDeque<Frame>) {
        let _ = reply.send(PollAnswer::Body(join(frames)));
    }

    /// Tells a GET that comes after the close.
    pub(crate) fn close_late(reply: oneshot::Sender<PollAnswer>) {
        let _ = reply.send(PollAnswer::Body(NOOP_CLOSE.to_owned()));
    }

    fn send(&mut self, body: String) -> bool {
        let Some(waiting) = self.waiting.take() else { return false };
        waiting.reply.send(PollAnswer::Body(body)).is_ok()
    }

    /// Ready when the waiting GET was aborted by the client.
    pub(crate) fn poll_aborted(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        match &mut self.waiting {
            Some(waiting) => waiting.reply.poll_closed(cx),
            None => Poll::Pending,
        }
    }
}
