//! One namespace of a connection: first being joined, then live.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use super::live::Live;
use crate::engine::frame::Frame;
use crate::socket::admit::Outcome;
use crate::socket::handler::Reason;

/// One namespace of the connection.
pub(super) struct Slot {
    pub(super) path: Arc<str>,
    pub(super) state: State,
}

pub(super) enum State {
    Connecting(BoxFuture<'static, Outcome>),
    Live(Box<Live>),
}

/// What a slot made of its chance to go on.
pub(super) enum Step {
    Rested,
    Moved,
    /// The client was refused, with this frame.
    Refused(Frame),
    Panicked,
}

impl Slot {
    pub(super) fn poll(&mut self, cx: &mut Context<'_>, max: usize) -> Step {
        match &mut self.state {
            State::Connecting(flow) => {
                match catch_unwind(AssertUnwindSafe(|| flow.poll_unpin(cx))) {
                    Err(_) => Step::Panicked,
                    Ok(Poll::Pending) => Step::Rested,
                    Ok(Poll::Ready(Outcome::Refused(frame))) => Step::Refused(frame),
                    Ok(Poll::Ready(Outcome::Admitted(socket))) => {
                        self.state = State::Live(Box::new(Live::new(socket)));
                        Step::Moved
                    }
                }
            }
            State::Live(live) => match live.poll(cx, max) {
                Ok(true) => Step::Moved,
                Ok(false) => Step::Rested,
                Err(_) => Step::Panicked,
            },
        }
    }

    /// Ends its socket; what of its turns is left to do.
    pub(super) fn end(self, reason: Reason) -> Option<Live> {
        let State::Live(mut live) = self.state else { return None };
        live.socket().end(reason);
        live.leave(reason.lets_finish()).then_some(*live)
    }
}
