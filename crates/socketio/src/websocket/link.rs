//! A WebSocket as the connection's task uses it: polled, and holding no buffer while idle.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use super::frame::{Decoder, Message, server_frame};

/// How much is read at once; one buffer per thread serves all of its connections.
const SCRATCH: usize = 16 * 1024;
/// How many frames leave in one write.
const SLICES: usize = 64;

thread_local! {
    static BUFFER: RefCell<Vec<u8>> = RefCell::new(vec![0; SCRATCH]);
}

enum Stream {
    Tcp(TcpStream),
    Other(Box<TokioIo<Upgraded>>),
}

/// A WebSocket of one connection.
pub(crate) struct Link {
    stream: Stream,
    decoder: Decoder,
    /// Messages read but not yet taken; what came with the handshake goes through here as well.
    ready: VecDeque<Message>,
    early: Option<Bytes>,
    out: VecDeque<Bytes>,
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
        let (stream, early) = match upgraded.downcast::<TokioIo<TcpStream>>() {
            Ok(parts) => (Stream::Tcp(parts.io.into_inner()), parts.read_buf),
            Err(upgraded) => (Stream::Other(Box::new(TokioIo::new(upgraded))), Bytes::new()),
        };
        if let Stream::Tcp(tcp) = &stream {
            let _ = tcp.set_nodelay(true);
        }
        Self {
            stream,
            decoder: Decoder::new(max),
            ready: VecDeque::new(),
            early: Some(early).filter(|early| !early.is_empty()),
            out: VecDeque::new(),
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
            if let Some(early) = self.early.take() {
                self.decode(&early).map_err(Broken::Code)?;
                continue;
            }
            let read = BUFFER.with_borrow_mut(|buffer| {
                let mut read = ReadBuf::new(buffer);
                ready!(self.stream.poll_read(cx, &mut read)).map_err(|_| Broken::Gone)?;
                if read.filled().is_empty() {
                    return Poll::Ready(Err(Broken::Gone));
                }
                let filled = read.filled().len();
                Poll::Ready(self.decode(&buffer[..filled]).map_err(Broken::Code))
            });
            ready!(read)?;
        }
    }

    fn decode(&mut self, mut input: &[u8]) -> Result<(), u16> {
        while let Some(message) = self.decoder.next(&mut input)? {
            self.ready.push_back(message);
        }
        Ok(())
    }

    /// Puts a frame behind what waits.
    pub(crate) fn push(&mut self, frame: Bytes) {
        self.out.push_back(frame);
    }

    /// Puts a control or close frame behind what waits.
    pub(crate) fn push_frame(&mut self, opcode: u8, payload: &[u8]) {
        self.push(server_frame(opcode, payload));
    }

    /// Whether everything has been written.
    pub(crate) fn is_flushed(&self) -> bool {
        self.out.is_empty()
    }

    /// Writes what waits, as much as the peer takes, many frames in one write.
    pub(crate) fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.out.is_empty() {
            let mut slices = [IoSlice::new(&[]); SLICES];
            let count = self.out.len().min(SLICES);
            for (slice, frame) in slices.iter_mut().zip(&self.out) {
                *slice = IoSlice::new(frame);
            }
            let mut written = ready!(self.stream.poll_write(cx, &slices[..count]))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            while let Some(frame) = self.out.front_mut() {
                if written < frame.len() {
                    frame.advance(written);
                    break;
                }
                written -= frame.len();
                self.out.pop_front();
            }
        }
        self.out = VecDeque::new();
        self.stream.poll_flush(cx)
    }
}

impl Stream {
    fn poll_read(&mut self, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self {
            Self::Tcp(stream) => Pin::new(stream).poll_read(cx, buf),
            Self::Other(stream) => Pin::new(stream).poll_read(cx, buf),
        }
    }

    fn poll_write(
        &mut self,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match self {
            Self::Tcp(stream) => Pin::new(stream).poll_write_vectored(cx, bufs),
            Self::Other(stream) => Pin::new(stream).poll_write_vectored(cx, bufs),
        }
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self {
            Self::Tcp(stream) => Pin::new(stream).poll_flush(cx),
            Self::Other(stream) => Pin::new(stream).poll_flush(cx),
        }
    }
}
