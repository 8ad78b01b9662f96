//! The bytes under a WebSocket: a TCP socket itself where there is one, or whatever the HTTP
//! stack was served on.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// What the kernel holds for a peer that does not read: enough for a distant one, and so little
/// that it is soon seen whether a slow one takes anything.
const SEND_BUFFER: usize = 128 * 1024;

/// What a WebSocket is carried by.
pub(super) enum Stream {
    Tcp(TcpStream),
    Other(Box<TokioIo<Upgraded>>),
}

impl Stream {
    /// Takes over from the HTTP stack; with it what had been read already.
    pub(super) fn new(upgraded: Upgraded) -> (Self, Bytes) {
        match upgraded.downcast::<TokioIo<TcpStream>>() {
            Ok(parts) => {
                let tcp = parts.io.into_inner();
                let _ = tcp.set_nodelay(true);
                let _ = SockRef::from(&tcp).set_send_buffer_size(SEND_BUFFER);
                (Self::Tcp(tcp), parts.read_buf)
            }
            Err(upgraded) => (Self::Other(Box::new(TokioIo::new(upgraded))), Bytes::new()),
        }
    }

    /// Reads into a buffer; nothing when the peer is gone.
    pub(super) fn poll_fill(&mut self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<usize> {
        let mut read = ReadBuf::new(buffer);
        let filled = match self {
            Self::Tcp(stream) => Pin::new(stream).poll_read(cx, &mut read),
            Self::Other(stream) => Pin::new(stream).poll_read(cx, &mut read),
        };
        filled.map(|result| result.map_or(0, |()| read.filled().len()))
    }

    /// Writes from the front of these; one piece goes the kernel's shorter way.
    pub(super) fn poll_write(
        &mut self,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match (self, bufs) {
            (Self::Tcp(stream), [only]) => Pin::new(stream).poll_write(cx, only),
            (Self::Tcp(stream), _) => Pin::new(stream).poll_write_vectored(cx, bufs),
            (Self::Other(stream), _) => Pin::new(stream).poll_write_vectored(cx, bufs),
        }
    }

    pub(super) fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self {
            Self::Tcp(stream) => Pin::new(stream).poll_flush(cx),
            Self::Other(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    pub(super) fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self {
            Self::Tcp(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Other(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}
