//! What others hold of a connection: a mailbox that its one task empties.
//!
//! The queue of frames is bounded in bytes. When it is a quarter full, volatile frames are
//! dropped; when it is full, the connection is closed and its client resumes. Nothing here waits.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};

use bytes::Bytes;
use futures_util::task::AtomicWaker;
use parking_lot::Mutex;
use tokio::sync::oneshot;

use super::frame::Frame;
use crate::socket::handler::{Reason, TransportKind};
use crate::stats::{Counters, count};
use crate::websocket::link::Link;

/// What a poll is answered with.
pub(crate) enum PollAnswer {
    /// 200 with this body.
    Body(String),
    /// 400: it overlapped another one.
    Overlap,
}

/// What others ask of the task.
pub(crate) enum Request {
    /// A GET waits for packets.
    Poll(oneshot::Sender<PollAnswer>),
    /// A POST brought packets; answered when they are taken.
    Post(Bytes, oneshot::Sender<()>),
    /// A WebSocket wants to take over.
    Upgrade(Box<Link>),
    /// The socket of this namespace was disconnected by the server.
    Left(Arc<str>),
    /// Close, after what is queued was sent, for this reason.
    Close(Reason),
    /// Close at once: the peer broke the transport's rules.
    Abort,
}

#[derive(Default)]
struct Mail {
    frames: VecDeque<Frame>,
    bytes: usize,
    requests: VecDeque<Request>,
    full: bool,
    dead: bool,
}

/// A connection, as others hold it.
pub(crate) struct Conn {
    pub(crate) sid: Arc<str>,
    mail: Mutex<Mail>,
    waker: AtomicWaker,
    transport: AtomicU8,
    /// Whether a POST is being read.
    pub(crate) posting: AtomicBool,
    /// Whether a WebSocket is trying to take over, or has.
    pub(crate) upgrading: AtomicBool,
    limit: usize,
    counters: Arc<Counters>,
}

impl Conn {
    pub(crate) fn new(
        sid: &str,
        kind: TransportKind,
        limit: usize,
        counters: Arc<Counters>,
    ) -> Self {
        Self {
            sid: sid.into(),
            mail: Mutex::default(),
            waker: AtomicWaker::new(),
            transport: AtomicU8::new(kind as u8),
            posting: AtomicBool::new(false),
            upgrading: AtomicBool::new(false),
            limit,
            counters,
        }
    }

    /// Queues the frames of one packet, all or none.
    pub(crate) fn push(&self, frames: &[Frame], volatile: bool) -> bool {
        let size: usize = frames.iter().map(Frame::len).sum();
        {
            let mut mail = self.mail.lock();
            if mail.dead || mail.full {
                return false;
            }
            if volatile && mail.bytes + size > self.limit / 4 {
                count(&self.counters.dropped_volatile);
                return false;
            }
            // One packet always fits: it is bounded by whoever made it.
            if mail.bytes + size > self.limit && mail.bytes > 0 {
                mail.full = true;
                count(&self.counters.overflows);
            } else {
                mail.bytes += size;
                mail.frames.extend(frames.iter().cloned());
            }
        }
        count(&self.counters.packets_out);
        self.waker.wake();
        true
    }

    /// Asks the task for something; what is asked of a dead one is dropped.
    pub(crate) fn ask(&self, request: Request) {
        {
            let mut mail = self.mail.lock();
            if mail.dead {
                return;
            }
            mail.requests.push_back(request);
        }
        self.waker.wake();
    }

    pub(crate) fn register(&self, waker: &std::task::Waker) {
        self.waker.register(waker);
    }

    pub(crate) fn take_request(&self) -> Option<Request> {
        let mut mail = self.mail.lock();
        let request = mail.requests.pop_front();
        if mail.requests.is_empty() {
            mail.requests = VecDeque::new();
        }
        request
    }

    /// Takes all frames that wait.
    pub(crate) fn take_frames(&self) -> VecDeque<Frame> {
        let mut mail = self.mail.lock();
        mail.bytes = 0;
        std::mem::take(&mut mail.frames)
    }

    pub(crate) fn has_frames(&self) -> bool {
        !self.mail.lock().frames.is_empty()
    }

    /// Whether the queue ran over.
    pub(crate) fn is_full(&self) -> bool {
        self.mail.lock().full
    }

    /// Nothing is taken in any more.
    pub(crate) fn kill(&self) {
        let mut mail = self.mail.lock();
        *mail = Mail { dead: true, ..Mail::default() };
    }

    pub(crate) fn transport(&self) -> TransportKind {
        match self.transport.load(Ordering::Relaxed) {
            0 => TransportKind::Polling,
            _ => TransportKind::WebSocket,
        }
    }

    pub(crate) fn set_transport(&self, kind: TransportKind) {
        self.transport.store(kind as u8, Ordering::Relaxed);
    }
}
