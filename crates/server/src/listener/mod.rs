//! The door: accepts connections and serves the router on them, in the clear or over TLS.
//!
//! Bounded before anything is read: ten seconds for a TLS handshake and for a request's head,
//! 16 KiB of it, so many connections of an address. A connection that becomes a WebSocket leaves
//! the HTTP stack altogether; the engine counts those.

mod internal;
mod tls;

use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use axum::Router;
use axum::body::Body;
use hyper::Request;
use hyper::body::Incoming;
use hyper::header::{HeaderValue, STRICT_TRANSPORT_SECURITY};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use ipnet::IpNet;
use socket2::{Domain, Protocol, Socket, Type};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt;
use zvon_socketio::{RemoteAddr, Seat, Seats, network};

pub(crate) use internal::{Internal, Serving as InternalServing};
pub(crate) use tls::Tls;

const HEAD_TIME: Duration = Duration::from_secs(10);
const HEAD_BYTES: usize = 16 * 1024;
const BACKLOG: i32 = 4096;
/// Browsers that came over TLS once come back over TLS for a year.
const HSTS: HeaderValue = HeaderValue::from_static("max-age=31536000");

/// What connections are served with.
pub(crate) struct Door {
    /// Everything that is served.
    pub(crate) router: Router,
    /// How TLS is spoken, if it is.
    pub(crate) tls: Option<Tls>,
    /// Most connections of an address within the HTTP stack.
    pub(crate) per_address: Option<usize>,
    /// Balancers: they come with everybody's connections, and are not counted.
    pub(crate) trusted: Vec<IpNet>,
}

/// Opens the port.
pub(crate) fn bind(address: SocketAddr) -> Result<TcpListener> {
    let open = || -> std::io::Result<TcpListener> {
        let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
        socket.set_reuse_address(true)?;
        socket.set_nonblocking(true)?;
        socket.bind(&address.into())?;
        socket.listen(BACKLOG)?;
        TcpListener::from_std(socket.into())
    };
    open().with_context(|| format!("{address} cannot be listened on"))
}

/// Serves until `stop`, then lets open requests finish.
pub(crate) async fn serve(listener: TcpListener, door: Door, stop: CancellationToken) {
    let (connections, seats) = (TaskTracker::new(), Seats::default());
    let door = Arc::new(door);
    loop {
        let accepted = tokio::select! {
            () = stop.cancelled() => break,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, peer)) => {
                let Some(seat) = door.seat(&seats, peer.ip()) else { continue };
                let _ = stream.set_nodelay(true);
                let serving = receive(stream, peer, Arc::clone(&door), stop.clone(), seat);
                connections.spawn(Box::pin(serving));
            }
            Err(error) => {
                // Out of file descriptors, most likely: others close while we wait.
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
    // Who comes now is refused at once, and goes to another node.
    drop(listener);
    connections.close();
    connections.wait().await;
}

impl Door {
    /// In the clear and uncounted: for a port of the operators' own.
    pub(crate) fn plain(router: Router) -> Self {
        Self { router, tls: None, per_address: None, trusted: Vec::new() }
    }

    /// A place for a connection of that address; `None` if it has too many. The outer `Option` of
    /// what is returned is the verdict, the inner one says whether it is counted.
    fn seat(&self, seats: &Seats<IpAddr>, peer: IpAddr) -> Option<Option<Seat<IpAddr>>> {
        let peer = peer.to_canonical();
        match self.per_address {
            Some(most) if !self.trusted.iter().any(|network| network.contains(&peer)) => {
                seats.take(network(peer), most).map(Some)
            }
            _ => Some(None),
        }
    }
}

async fn receive(
    stream: TcpStream,
    peer: SocketAddr,
    door: Arc<Door>,
    stop: CancellationToken,
    _seat: Option<Seat<IpAddr>>,
) {
    let Some(tls) = &door.tls else {
        return connection(stream, peer, door.router.clone(), None, stop).await;
    };
    match tokio::time::timeout(HEAD_TIME, tls.acceptor().accept(stream)).await {
        Ok(Ok(stream)) => {
            connection(stream, peer, door.router.clone(), Some(HSTS), stop).await;
        }
        Ok(Err(error)) => tracing::debug!(%error, %peer, "a TLS handshake failed"),
        Err(_) => tracing::debug!(%peer, "a TLS handshake took too long"),
    }
}

async fn connection<S>(
    stream: S,
    peer: SocketAddr,
    router: Router,
    hsts: Option<HeaderValue>,
    stop: CancellationToken,
) where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service = service_fn(move |request: Request<Incoming>| {
        let (router, hsts) = (router.clone(), hsts.clone());
        async move {
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(RemoteAddr(peer));
            let answer = router.oneshot(request).await;
            let mut answer = answer.unwrap_or_else(|never| match never {});
            answer.headers_mut().extend(hsts.map(|hsts| (STRICT_TRANSPORT_SECURITY, hsts)));
            Ok::<_, Infallible>(answer)
        }
    });
    speak(stream, service, (HEAD_TIME, HEAD_BYTES), peer, stop).await;
}

/// Speaks HTTP/1.1 on a connection until it ends, or until what is under way when `stop` comes is
/// done. A head may take so long, and so many bytes.
async fn speak<S, V>(
    stream: S,
    service: V,
    (head_time, head_bytes): (Duration, usize),
    peer: SocketAddr,
    stop: CancellationToken,
) where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    V: hyper::service::HttpService<Incoming, ResBody = Body, Error = Infallible>,
    V::Future: Send,
{
    let serving = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(head_time)
        .max_buf_size(head_bytes)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    let mut serving = std::pin::pin!(serving);
    let ended = tokio::select! {
        ended = serving.as_mut() => ended,
        () = stop.cancelled() => {
            serving.as_mut().graceful_shutdown();
            serving.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, %peer, "a connection ended early");
    }
}
