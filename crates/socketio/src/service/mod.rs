//! The HTTP side: what a request is, and what it is answered.
//!
//! [`EngineService`] is a `tower::Service`; it never fails. A request that is aborted by its
//! client drops its future, which closes a polling session at once.

mod answer;
mod cors;
mod polling;
mod upgrade;

use std::borrow::Cow;
use std::convert::Infallible;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::request::Parts;
use http::{HeaderMap, Method, Request, Response};
use http_body::Body;
use http_body_util::Full;
use tower::Service;

use crate::engine::driver::Driver;
use crate::engine::mailbox::Conn;
use crate::engine::query::Query;
use crate::engine::sessions::Registration;
use crate::io::Shared;
use crate::socket::handler::{Handshake, TransportKind};
use crate::stats::count;
use crate::websocket::handshake::is_upgrade;
use answer::{Fault, Reply};

/// The address of the peer, to be put into a request's extensions by the listener.
#[derive(Clone, Copy, Debug)]
pub struct RemoteAddr(pub SocketAddr);

/// The service of a server. Cheap to clone.
#[derive(Clone)]
pub struct EngineService(pub(crate) Arc<Shared>);

/// Decides who may open a connection, before anything else is known of it than the request.
pub trait Door: std::fmt::Debug + Send + Sync {
    /// Lets a request in, or refuses it with a message for the client.
    fn open<'a>(&'a self, request: &'a Parts) -> BoxFuture<'a, Result<(), Cow<'static, str>>>;
}

impl<B> Service<Request<B>> for EngineService
where
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Send,
{
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let io = Arc::clone(&self.0);
        Box::pin(async move {
            let cors = io.config.cors.as_ref();
            if let Some(preflight) = cors::preflight(cors, &request) {
                return Ok(preflight);
            }
            let upgrade = is_upgrade(request.headers());
            let mut response = match handle(&io, request).await {
                Ok(response) => response,
                Err(fault) => {
                    count(&io.counters.refused);
                    fault.response(upgrade)
                }
            };
            cors::allow(cors, response.headers_mut());
            Ok(response)
        })
    }
}

/// A request that passed the checks, without its body.
struct Checked {
    transport: TransportKind,
    session: Option<Arc<Conn>>,
    query: Query,
}

async fn handle<B>(io: &Arc<Shared>, request: Request<B>) -> Result<Reply, Fault>
where
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Send,
{
    let upgrade = is_upgrade(request.headers());
    let checked = check(io, request.method(), request.headers(), request.uri().query(), upgrade)?;
    let request = if checked.session.is_none() { allow(io, request).await? } else { request };
    match (checked.session, checked.transport) {
        (None, TransportKind::Polling) => open(io, &request, checked.query),
        (Some(conn), TransportKind::Polling) => polling::serve(io, conn, request).await,
        (session, TransportKind::WebSocket) => upgrade::serve(io, session, request, checked.query),
    }
}

/// The checks of the reference server, in its order.
fn check(
    io: &Shared,
    method: &Method,
    headers: &HeaderMap,
    query: Option<&str>,
    upgrade: bool,
) -> Result<Checked, Fault> {
    let query = Query::parse(query.unwrap_or_default());
    let served = io.config.transports;
    let transport = match query.transport.as_deref() {
        Some("polling") if served.polling => TransportKind::Polling,
        Some("websocket") if served.websocket => TransportKind::WebSocket,
        _ => return Err(Fault::UnknownTransport),
    };
    if headers.get(http::header::ORIGIN).is_some_and(|origin| origin.to_str().is_err()) {
        return Err(Fault::BadRequest);
    }
    let websocket = transport == TransportKind::WebSocket;
    if let Some(sid) = query.sid.as_ref().filter(|sid| !sid.is_empty()) {
        let session = io.sessions.get(sid).ok_or(Fault::UnknownSession)?;
        let mismatch = !upgrade && session.transport() != transport;
        let other_version = upgrade && query.eio.as_deref() != Some("4");
        if mismatch || websocket != upgrade || other_version {
            return Err(Fault::BadRequest);
        }
        return Ok(Checked { transport, session: Some(session), query });
    }
    if method != Method::GET {
        return Err(Fault::BadMethod);
    }
    if websocket != upgrade {
        return Err(Fault::BadRequest);
    }
    if query.eio.as_deref() != Some("4") {
        return Err(Fault::UnsupportedVersion);
    }
    let full = io
        .config
        .max_connections
        .is_some_and(|most| io.counters.connections.load(Ordering::Relaxed) >= most as u64);
    if full || io.draining.load(Ordering::SeqCst) {
        return Err(Fault::Unavailable);
    }
    Ok(Checked { transport, session: None, query })
}

/// Asks the product whether a new connection may be made.
async fn allow<B>(io: &Shared, request: Request<B>) -> Result<Request<B>, Fault> {
    let Some(door) = &io.config.door else { return Ok(request) };
    let (parts, body) = request.into_parts();
    door.open(&parts).await.map_err(Fault::Forbidden)?;
    Ok(Request::from_parts(parts, body))
}

/// A new polling session.
fn open<B>(io: &Arc<Shared>, request: &Request<B>, query: Query) -> Result<Reply, Fault> {
    let registration = register(io, TransportKind::Polling, request)?;
    let open = open_packet(io, &registration.conn().sid, TransportKind::Polling);
    let handshake = handshake(io, request, query);
    tokio::spawn(Driver::new(Arc::clone(io), registration, None, handshake).run());
    Ok(answer::payload(open))
}

fn register<B>(
    io: &Arc<Shared>,
    kind: TransportKind,
    request: &Request<B>,
) -> Result<Registration, Fault> {
    Registration::new(io, kind, address_of(request).ip()).ok_or(Fault::TooMany)
}

fn address_of<B>(request: &Request<B>) -> SocketAddr {
    let unknown = SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0));
    request.extensions().get::<RemoteAddr>().map_or(unknown, |address| address.0)
}

fn open_packet(io: &Shared, sid: &str, kind: TransportKind) -> String {
    let config = &io.config;
    let upgrades = match kind {
        TransportKind::Polling if config.transports.websocket => "[\"websocket\"]",
        _ => "[]",
    };
    format!(
        "0{{\"sid\":\"{sid}\",\"upgrades\":{upgrades},\"pingInterval\":{},\"pingTimeout\":{},\
         \"maxPayload\":{}}}",
        config.ping_interval.as_millis(),
        config.ping_timeout.as_millis(),
        config.max_payload
    )
}

/// Most bytes of a user agent that are kept.
const USER_AGENT: usize = 256;

/// A copy of its own, so that the buffer it was read into is let go.
fn user_agent(headers: &HeaderMap) -> Box<str> {
    let said = headers.get(http::header::USER_AGENT).and_then(|value| value.to_str().ok());
    let said = said.unwrap_or_default();
    said.get(..USER_AGENT).unwrap_or(said).into()
}

#[expect(clippy::disallowed_methods, reason = "the engine is a leaf and only notes the time")]
fn handshake<B>(io: &Shared, request: &Request<B>, query: Query) -> Arc<Handshake> {
    let address = address_of(request);
    let keep = io.config.keep_request;
    Arc::new(Handshake {
        address,
        user_agent: user_agent(request.headers()),
        headers: if keep { request.headers().clone() } else { HeaderMap::new() },
        query: if keep { query.all } else { Vec::new() },
        issued: std::time::SystemTime::now(),
    })
}
