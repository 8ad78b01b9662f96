//! The turns of one socket.
//!
//! They start in the order of its events. A serial turn runs alone; pipelined ones overlap each
//! other and are first polled in order.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use crate::socket::event::Event;
use crate::socket::handler::Turn;
use crate::socket::peer::Socket;

/// A socket, its waiting events and its turns under way.
pub(super) struct Live {
    socket: Arc<Socket>,
    waiting: VecDeque<Event>,
    waiting_bytes: usize,
    /// The next turn, if it has to wait for earlier ones.
    next: Option<Turn>,
    running: Vec<BoxFuture<'static, ()>>,
    /// Whether the running turn is a serial one.
    serial: bool,
}

/// A handler panicked.
pub(super) struct Panicked;

impl Live {
    /// Begins with the greeting, which is a serial turn.
    pub(super) fn new(socket: Arc<Socket>) -> Self {
        let handler = Arc::clone(socket.namespace().handler());
        let greeted = Arc::clone(&socket);
        let greet = Box::pin(async move { handler.on_connect(&greeted).await });
        Self {
            socket,
            waiting: VecDeque::new(),
            waiting_bytes: 0,
            next: Some(Turn::Serial(greet)),
            running: Vec::new(),
            serial: false,
        }
    }

    pub(super) fn socket(&self) -> &Arc<Socket> {
        &self.socket
    }

    /// Puts an event behind those that wait.
    pub(super) fn queue(&mut self, event: Event) {
        self.waiting_bytes += event.size();
        self.waiting.push_back(event);
    }

    pub(super) fn is_busy(&self, events: usize, bytes: usize) -> bool {
        self.waiting.len() >= events || self.waiting_bytes >= bytes
    }

    /// The socket has ended. Turns under way go on; events that wait do if they are `wanted`.
    /// Whether anything is left to do.
    pub(super) fn leave(&mut self, wanted: bool) -> bool {
        if !wanted {
            self.waiting = VecDeque::new();
            self.next = None;
        }
        !self.is_finished()
    }

    pub(super) fn is_finished(&self) -> bool {
        self.running.is_empty() && self.next.is_none() && self.waiting.is_empty()
    }

    /// Starts and goes on with turns; whether any started or finished.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>, max: usize) -> Result<bool, Panicked> {
        let mut moved = false;
        loop {
            moved |= self.start(max)?;
            if !self.poll_running(cx)? {
                return Ok(moved);
            }
            moved = true;
        }
    }

    fn start(&mut self, max: usize) -> Result<bool, Panicked> {
        let mut moved = false;
        while !self.serial {
            let Some(turn) = self.next_turn()? else { break };
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
        Ok(moved)
    }

    fn next_turn(&mut self) -> Result<Option<Turn>, Panicked> {
        if let Some(turn) = self.next.take() {
            return Ok(Some(turn));
        }
        let Some(event) = self.waiting.pop_front() else { return Ok(None) };
        self.waiting_bytes -= event.size();
        if self.waiting.is_empty() {
            self.waiting = VecDeque::new();
        }
        let handler = self.socket.namespace().handler();
        let turn = AssertUnwindSafe(|| handler.on_event(&self.socket, event));
        catch_unwind(turn).map(Some).map_err(|_| Panicked)
    }

    /// Polls the turns under way, in order; whether any finished.
    fn poll_running(&mut self, cx: &mut Context<'_>) -> Result<bool, Panicked> {
        let before = self.running.len();
        let mut index = 0;
        while index < self.running.len() {
            let work = &mut self.running[index];
            let polled = catch_unwind(AssertUnwindSafe(|| work.poll_unpin(cx)));
            match polled.map_err(|_| Panicked)? {
                Poll::Ready(()) => drop(self.running.remove(index)),
                Poll::Pending => index += 1,
            }
        }
        let finished = self.running.len() < before;
        if self.running.is_empty() && finished {
            self.running = Vec::new();
            self.serial = false;
        }
        Ok(finished)
    }
}
