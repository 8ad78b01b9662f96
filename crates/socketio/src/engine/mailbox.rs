//! What others hold of a connection: a mailbox that its one task empties.
//!
//! The queue of frames is bounded in bytes. When it is a quarter full, volatile frames are
//! dropped; when it is full, the connection is closed and its client resumes. Nothing here waits.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};

use bytes::Bytes;
use futures_util::task::AtomicWaker;
use parking_lot::Mutex;
use tokio::sync::{Notify, oneshot};

use super::frame::Frame;
use crate::socket::handler::{Reason, TransportKind};
use crate::socket::peer::Socket;
use crate::stats::Traffic;
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
    /// The server disconnected this socket by itself.
    Left(Arc<Socket>),
    /// Close, after what is queued was sent, for this reason.
    Close(Reason),
    /// Close at once: the peer broke the transport's rules.
    Abort,
}

#[derive(Default)]
struct Mail {
    frames: VecDeque<Frame>,
    bytes: usize,
    /// How many packets were queued so far.
    packets: u64,
    requests: VecDeque<Request>,
    /// A frame did not fit.
    full: bool,
    /// No more frames are taken in.
    sealed: bool,
    /// Nothing is taken in.
    dead: bool,
}

/// What became of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pushed {
    /// It waits to be written.
    Queued,
    /// It was volatile, and the queue is filling.
    Dropped,
    /// It did not fit: the connection will be closed.
    Overflowed,
    /// The connection is over or closing.
    Gone,
}

/// A connection, as others hold it.
pub(crate) struct Conn {
    pub(crate) sid: Arc<str>,
    mail: Mutex<Mail>,
    waker: AtomicWaker,
    transport: AtomicU8,
    /// How many packets the peer sent.
    pub(crate) packets_in: AtomicU64,
    /// Whether a POST is being read.
    pub(crate) posting: AtomicBool,
    /// Whether a WebSocket is trying to take over, or has.
    upgrading: AtomicBool,
    /// Frames were taken, or none will be any more.
    taken: Notify,
    limit: usize,
}

impl Conn {
    pub(crate) fn new(sid: &str, kind: TransportKind, limit: usize) -> Self {
        Self {
            sid: sid.into(),
            mail: Mutex::default(),
            waker: AtomicWaker::new(),
            transport: AtomicU8::new(kind as u8),
            packets_in: AtomicU64::new(0),
            posting: AtomicBool::new(false),
            upgrading: AtomicBool::new(false),
            taken: Notify::new(),
            limit,
        }
    }

    /// Queues the frames of one packet, all or none.
    pub(crate) fn push(&self, frames: &[Frame], volatile: bool) -> Pushed {
        let size: usize = frames.iter().map(Frame::len).sum();
        let pushed = self.mail.lock().push(frames, size, self.limit, volatile);
        if matches!(pushed, Pushed::Queued | Pushed::Overflowed) {
            self.waker.wake();
        }
        pushed
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
        self.taken.notify_waiters();
        std::mem::take(&mut mail.frames)
    }

    /// Waits until all frames that wait were taken, or no more will be.
    pub(crate) async fn drained(&self) {
        loop {
            let mut taken = std::pin::pin!(self.taken.notified());
            taken.as_mut().enable();
            if self.mail.lock().is_at_rest() {
                return;
            }
            taken.await;
        }
    }

    pub(crate) fn has_frames(&self) -> bool {
        !self.mail.lock().frames.is_empty()
    }

    /// How many bytes wait for the task to take them.
    pub(crate) fn waiting_bytes(&self) -> usize {
        self.mail.lock().bytes
    }

    /// The packets so far.
    pub(crate) fn traffic(&self) -> Traffic {
        let packets_in = self.packets_in.load(Ordering::Relaxed);
        Traffic { packets_in, packets_out: self.mail.lock().packets }
    }

    /// Whether the queue ran over.
    pub(crate) fn is_full(&self) -> bool {
        self.mail.lock().full
    }

    /// No frames are taken in any more; those that wait stay.
    pub(crate) fn seal(&self) {
        self.mail.lock().sealed = true;
        self.taken.notify_waiters();
    }

    /// A WebSocket wants to take over; whether it may.
    pub(crate) fn begin_upgrade(&self) -> bool {
        !self.upgrading.swap(true, Ordering::AcqRel)
    }

    /// Whether a WebSocket is trying to take over, or has.
    pub(crate) fn is_upgrading(&self) -> bool {
        self.upgrading.load(Ordering::Acquire)
    }

    /// Another WebSocket may try to take over.
    pub(crate) fn end_upgrade(&self) {
        self.upgrading.store(false, Ordering::Release);
    }

    /// Nothing is taken in any more.
    pub(crate) fn kill(&self) {
        let mut mail = self.mail.lock();
        *mail = Mail { dead: true, packets: mail.packets, ..Mail::default() };
        self.taken.notify_waiters();
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

impl Mail {
    fn is_at_rest(&self) -> bool {
        self.frames.is_empty() || self.sealed || self.full
    }

    fn push(&mut self, frames: &[Frame], size: usize, limit: usize, volatile: bool) -> Pushed {
        if self.dead || self.sealed || self.full {
            return Pushed::Gone;
        }
        if volatile && self.bytes + size > limit / 4 {
            return Pushed::Dropped;
        }
        // One packet always fits: it is bounded by whoever made it.
        if self.bytes > 0 && self.bytes + size > limit {
            self.full = true;
            return Pushed::Overflowed;
        }
        self.bytes += size;
        self.packets += 1;
        self.frames.extend(frames.iter().cloned());
        Pushed::Queued
    }
}
