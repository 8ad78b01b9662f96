//! What a product implements, and what it is given.

use std::any::Any;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use futures_util::future::BoxFuture;
use http::HeaderMap;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use super::event::Event;
use super::packet::Packet;
use super::peer::Socket;
use crate::id::SocketId;

/// How a connection is carried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TransportKind {
    /// HTTP long-polling.
    Polling = 0,
    /// WebSocket.
    WebSocket = 1,
}

impl TransportKind {
    /// The word for it, as clients name it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Polling => "polling",
            Self::WebSocket => "websocket",
        }
    }
}

/// Why a socket ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// The client left the namespace.
    ClientDisconnect,
    /// The server took the socket out of the namespace.
    ServerDisconnect,
    /// The server closed the connection.
    ServerClose,
    /// The node is going down.
    Draining,
    /// The client did not answer a ping in time.
    PingTimeout,
    /// The transport was closed.
    TransportClose,
    /// The transport failed.
    TransportError,
    /// The client broke the protocol.
    ParseError,
    /// The client did not take what it was sent.
    Overflow,
    /// The client came back on another connection.
    Replaced,
    /// A turn of the server's panicked.
    ServerError,
}

impl Reason {
    /// The word for it, for logs and metrics.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::ClientDisconnect => "client-disconnect",
            Self::ServerDisconnect => "server-disconnect",
            Self::ServerClose => "server-close",
            Self::Draining => "draining",
            Self::PingTimeout => "ping-timeout",
            Self::TransportClose => "transport-close",
            Self::TransportError => "transport-error",
            Self::ParseError => "parse-error",
            Self::Overflow => "overflow",
            Self::Replaced => "replaced",
            Self::ServerError => "server-error",
        }
    }

    /// Whether what the client said before is still handled: it went, it was not thrown out.
    pub(crate) fn lets_finish(self) -> bool {
        match self {
            Self::ClientDisconnect
            | Self::ServerClose
            | Self::Draining
            | Self::PingTimeout
            | Self::TransportClose
            | Self::TransportError => true,
            Self::ServerDisconnect
            | Self::ParseError
            | Self::Overflow
            | Self::Replaced
            | Self::ServerError => false,
        }
    }

    /// Whether the client may come back to where it was.
    pub(crate) fn is_recoverable(self) -> bool {
        !matches!(self, Self::ClientDisconnect | Self::ServerDisconnect | Self::Replaced)
    }
}

/// The request that a connection began with.
#[derive(Clone, Debug)]
pub struct Handshake {
    /// The peer.
    pub address: SocketAddr,
    /// Its headers, if the configuration keeps them.
    pub headers: HeaderMap,
    /// What its client calls itself, cut to 256 bytes; nothing if that is no readable ASCII.
    pub user_agent: Box<str>,
    /// Its query, if the configuration keeps it.
    pub query: Vec<(String, String)>,
    /// When.
    pub issued: SystemTime,
}

impl Handshake {
    /// How long ago that was.
    #[must_use]
    pub fn age(&self) -> Duration {
        self.issued.elapsed().unwrap_or_default()
    }
}

/// A client asks to join a namespace.
#[derive(Debug)]
pub struct ConnectRequest {
    /// Which.
    pub namespace: String,
    /// Its payload, an object, if it sent one.
    pub auth: Option<Box<RawValue>>,
    /// The private id of the socket it wants back.
    pub pid: Option<String>,
    /// The last offset that socket was told.
    pub offset: Option<String>,
    /// The request of its connection.
    pub handshake: Arc<Handshake>,
    /// How the connection is carried.
    pub transport: TransportKind,
}

impl ConnectRequest {
    /// The payload as a type; `None` if there is none or it does not fit.
    pub fn auth_as<T: DeserializeOwned>(&self) -> Option<T> {
        serde_json::from_str(self.auth.as_ref()?.get()).ok()
    }
}

/// A client may not join; it hears `connect_error` and may try again.
#[derive(Clone, Debug, PartialEq)]
pub struct Refusal {
    pub(crate) message: String,
    pub(crate) data: Option<serde_json::Value>,
}

impl Refusal {
    /// With this message.
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), data: None }
    }

    /// The data, if there is any.
    #[must_use]
    pub fn details(&self) -> Option<&serde_json::Value> {
        self.data.as_ref()
    }

    /// And this data.
    #[must_use]
    pub fn data(self, data: serde_json::Value) -> Self {
        Self { data: Some(data), ..self }
    }
}

/// A client may join.
pub struct Admission {
    pub(crate) data: Arc<dyn Any + Send + Sync>,
    pub(crate) id: Option<SocketId>,
    pub(crate) pid: Option<String>,
    pub(crate) recovered: bool,
    pub(crate) rooms: Vec<String>,
}

impl Admission {
    /// With the product's data of the socket.
    pub fn new(data: impl Any + Send + Sync) -> Self {
        Self { data: Arc::new(data), id: None, pid: None, recovered: false, rooms: Vec::new() }
    }

    /// As a fresh socket of this id.
    #[must_use]
    pub fn id(self, id: SocketId) -> Self {
        Self { id: Some(id), ..self }
    }

    /// Gives the client a private id to come back with.
    #[must_use]
    pub fn pid(self, pid: String) -> Self {
        Self { pid: Some(pid), ..self }
    }

    /// As the socket it was: the same id; if that is still there, it is evicted first.
    #[must_use]
    pub fn recovered(self, id: SocketId) -> Self {
        Self { id: Some(id), recovered: true, ..self }
    }

    /// In these rooms from the start.
    #[must_use]
    pub fn rooms(self, rooms: Vec<String>) -> Self {
        Self { rooms, ..self }
    }
}

/// What to do with an event.
pub enum Turn {
    /// It is done.
    Done,
    /// Starts when all earlier turns of the socket are finished; later ones wait for it.
    Serial(BoxFuture<'static, ()>),
    /// Overlaps other pipelined turns; first polled in the order of the events.
    Pipelined(BoxFuture<'static, ()>),
}

/// A product's side of one namespace.
pub trait Handler: Send + Sync + 'static {
    /// Decides whether a client may join.
    fn authorize<'a>(
        &'a self,
        request: &'a ConnectRequest,
    ) -> BoxFuture<'a, Result<Admission, Refusal>>;

    /// A recovered socket is back in its rooms; what is queued here goes out before the CONNECT.
    fn on_recovered<'a>(&'a self, _socket: &'a Arc<Socket>) -> BoxFuture<'a, ()> {
        Box::pin(std::future::ready(()))
    }

    /// The CONNECT is queued; the client's events wait until this is done.
    fn on_connect<'a>(&'a self, _socket: &'a Arc<Socket>) -> BoxFuture<'a, ()> {
        Box::pin(std::future::ready(()))
    }

    /// An event came.
    fn on_event(&self, socket: &Arc<Socket>, event: Event) -> Turn;

    /// Another node sends a packet to sockets of this one, which have it when `hand_on` was called.
    /// A product that knows better may keep it from them; it must not block.
    fn on_relayed(&self, _packet: &Packet, hand_on: &mut dyn FnMut()) {
        hand_on();
    }

    /// The socket ended: called exactly once for each that was admitted; must not block. Turns
    /// that are under way go on for a bounded time; events that came before it begin after it,
    /// unless the server threw the socket out.
    fn on_disconnect(&self, _socket: &Arc<Socket>, _reason: Reason) {}
}
