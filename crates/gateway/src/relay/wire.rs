//! Connections to other nodes: HTTP/1.1, one request at a time, kept for the next one.
//!
//! Before a fresh one carries anything of a client, the node at its other end has shown that it is
//! the one that is meant: addresses are given to others when their owner is gone.

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use axum::body::Body;
use http::{Request, Response};
use hyper::body::Incoming;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use parking_lot::Mutex;
use socket2::{SockRef, TcpKeepalive};
use tokio::net::TcpStream;
use zvon_socketio::NodeId;

/// How long a connection that is not used is kept; its other end keeps it longer.
const IDLE: Duration = Duration::from_secs(30);
/// Between the kernel's questions whether a silent peer is still there.
const PROBE: Duration = Duration::from_secs(1);
/// How many of them may stay without an answer, and for how long what is sent.
const PROBES: u32 = 3;
const UNANSWERED: Duration = Duration::from_secs(4);

/// Makes the kernel end a connection between nodes a few seconds after its peer is gone, whether
/// there is something to send or not.
///
/// # Errors
/// The kernel's.
pub fn notice_dead_peer(stream: &TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let socket = SockRef::from(stream);
    let probes = TcpKeepalive::new().with_time(PROBE).with_interval(PROBE).with_retries(PROBES);
    socket.set_tcp_keepalive(&probes)?;
    socket.set_tcp_user_timeout(Some(UNANSWERED))
}

/// A connection to another node. Dropping it ends it, and with it what it is asked for.
pub(super) struct Link(SendRequest<Body>);

/// A request that could not be asked.
pub(super) enum Unasked {
    /// It was not sent at all: the connection had ended before.
    Unsent(Box<Request<Body>>),
    /// Perhaps it was sent.
    Broken,
}

impl Link {
    pub(super) async fn open(address: SocketAddr) -> Option<Self> {
        let stream = TcpStream::connect(address).await.ok()?;
        notice_dead_peer(&stream).ok()?;
        let (sender, connection) = handshake(TokioIo::new(stream)).await.ok()?;
        tokio::spawn(connection.with_upgrades());
        Some(Self(sender))
    }

    /// Asks, and answers when the head of the answer is there.
    pub(super) async fn ask(
        &mut self,
        request: Request<Body>,
    ) -> Result<Response<Incoming>, Unasked> {
        if self.0.ready().await.is_err() {
            return Err(Unasked::Unsent(Box::new(request)));
        }
        let answer = self.0.try_send_request(request).await;
        answer.map_err(|mut error| match error.take_message() {
            Some(request) => Unasked::Unsent(Box::new(request)),
            None => Unasked::Broken,
        })
    }
}

/// Connections that wait for the next request.
#[derive(Default)]
pub(super) struct Pool(Mutex<HashMap<NodeId, Vec<(Link, Instant)>>>);

impl Pool {
    /// The one that was used last.
    pub(super) fn take(&self, node: &NodeId) -> Option<Link> {
        let mut pool = self.0.lock();
        let links = pool.get_mut(node)?;
        // One whose last request has just ended may need a moment more.
        let at = links.iter().rposition(|(link, _)| link.0.is_ready())?;
        Some(links.remove(at).0)
    }

    /// Keeps one whose request was answered to the end.
    pub(super) fn put(&self, node: &NodeId, link: Link) {
        if !link.0.is_closed() {
            self.0.lock().entry(node.clone()).or_default().push((link, Instant::now()));
        }
    }

    /// Ends those that are not used, or were ended by their other end.
    pub(super) fn sweep(&self) {
        self.0.lock().retain(|_, links| {
            links.retain(|(link, since)| !link.0.is_closed() && since.elapsed() < IDLE);
            !links.is_empty()
        });
    }
}
