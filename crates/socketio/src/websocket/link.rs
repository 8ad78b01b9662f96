//! A WebSocket as the connection's task uses it: polled, and holding no buffer while idle.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::sync::atomic::AtomicU64;
use std::task::{Context, Poll, Waker, ready};

use bytes::{Buf, Bytes};
use hyper::upgrade::Upgraded;

use super::frame::{Decoder, Message, server_frame};
use super::stream::Stream;

/// How much is read at once; one buffer per thread serves all of its connections.
const SCRATCH: usize = 16 * 1024;
/// How many frames leave in one write.
const SLICES: usize = 64;

const CLOSE: u8 = 0x8;
const PONG: u8 = 0xa;

thread_local! {
    static BUFFER: RefCell<Vec<u8>> = RefCell::new(vec![0; SCRATCH]);
}

/// A WebSocket of one connection.
pub(crate) struct Link {
    stream: Stream,
    decoder: Decoder,
    /// Messages read but not yet taken; what came with the handshake goes through here as well.
    ready: VecDeque<Message>,
    early: Option<Bytes>,
    /// What ended the stream; told when all before it was taken.
    broken: Option<u16>,
    out: VecDeque<Bytes>,
    /// How many bytes have been written, for the sake of whoever watches the progress.
    written: u64,
    /// The answer to the latest ping: earlier ones need none, so a peer that pings and never
    /// reads costs no memory.
    pong: Option<Bytes>,
}

/// Why reading ended.
pub(crate) enum Broken {
    /// The peer is gone.
    Gone,
    /// The peer broke the protocol; the close code to answer.
    Code(u16),
}

impl Link {
    /// Takes the stream over from the HTTP stack.
    pub(crate) fn new(upgraded: Upgraded, max: usize) -> Self {
        let (stream, early) = Stream::new(upgraded);
        Self {
            stream,
            decoder: Decoder::new(max),
            ready: VecDeque::new(),
            early: Some(early).filter(|early| !early.is_empty()),
            broken: None,
            out: VecDeque::new(),
            written: 0,
            pong: None,
        }
    }

    /// The next message.
    pub(crate) fn poll_message(&mut self, cx: &mut Context<'_>) -> Poll<Result<Message, Broken>> {
        loop {
            if let Some(message) = self.ready.pop_front() {
                if self.ready.is_empty() {
                    self.ready = VecDeque::new();
                }
                return Poll::Ready(Ok(message));
            }
            if let Some(code) = self.broken {
                return Poll::Ready(Err(Broken::Code(code)));
            }
            if let Some(early) = self.early.take() {
                self.decode(&early);
                continue;
            }
            let read = BUFFER.with_borrow_mut(|buffer| {
                let filled = ready!(self.stream.poll_fill(cx, buffer));
                self.decode(&buffer[..filled]);
                Poll::Ready(filled)
            });
            if ready!(read) == 0 {
                return Poll::Ready(Err(Broken::Gone));
            }
        }
    }

    fn decode(&mut self, mut input: &[u8]) {
        loop {
            match self.decoder.next(&mut input) {
                Ok(Some(message)) => self.ready.push_back(message),
                Ok(None) => return,
                Err(code) => return self.broken = Some(code),
            }
        }
    }

    /// Reads and throws away; ready when the peer is gone.
    pub(crate) fn poll_discard(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        BUFFER.with_borrow_mut(|buffer| {
            while ready!(self.stream.poll_fill(cx, buffer)) > 0 {}
            Poll::Ready(())
        })
    }

    /// Puts a frame behind what waits.
    pub(crate) fn push(&mut self, frame: Bytes) {
        self.out.push_back(frame);
    }

    /// Puts the close frame behind what waits.
    pub(crate) fn push_close(&mut self, code: Option<u16>) {
        let payload = code.map(u16::to_be_bytes);
        self.push(server_frame(CLOSE, payload.as_ref().map_or(&[], <[u8; 2]>::as_slice)));
    }

    /// Answers a ping when there is room.
    pub(crate) fn pong(&mut self, payload: Bytes) {
        self.pong = Some(payload);
    }

    /// How many bytes have been written.
    pub(crate) fn written(&self) -> u64 {
        self.written
    }

    /// Whether everything has been written.
    pub(crate) fn is_flushed(&self) -> bool {
        self.out.is_empty()
    }

    /// Writes what waits, as much as the peer takes, many frames in one write.
    pub(crate) fn poll_flush(
        &mut self,
        cx: &mut Context<'_>,
        writes: &AtomicU64,
    ) -> Poll<io::Result<()>> {
        loop {
            if self.out.is_empty() {
                match self.pong.take() {
                    Some(payload) => self.push(server_frame(PONG, &payload)),
                    None => break,
                }
            }
            let mut slices = [IoSlice::new(&[]); SLICES];
            let count = self.out.len().min(SLICES);
            for (slice, frame) in slices.iter_mut().zip(&self.out) {
                *slice = IoSlice::new(frame);
            }
            let written = ready!(self.stream.poll_write(cx, &slices[..count]))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            crate::stats::count(writes);
            self.written = self.written.wrapping_add(written as u64);
            self.advance(written);
        }
        self.stream.poll_flush(cx)
    }

    fn advance(&mut self, mut written: usize) {
        while let Some(frame) = self.out.front_mut() {
            if written < frame.len() {
                frame.advance(written);
                return;
            }
            written -= frame.len();
            self.out.pop_front();
        }
        self.out = VecDeque::new();
    }

    /// Ends the writing side; `true` if the peer is gone already.
    pub(crate) fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> bool {
        matches!(self.stream.poll_shutdown(cx), Poll::Ready(Err(_)))
    }

    /// Says goodbye if that needs no waiting.
    pub(crate) fn try_close(&mut self) {
        if self.out.is_empty() {
            self.push_close(None);
            let mut cx = Context::from_waker(Waker::noop());
            let _ = self.poll_flush(&mut cx, &AtomicU64::new(0));
            let _ = self.stream.poll_shutdown(&mut cx);
        }
    }

    /// Says goodbye to a peer that is not wanted.
    pub(crate) fn dismiss(mut self: Box<Self>) {
        self.try_close();
    }
}
