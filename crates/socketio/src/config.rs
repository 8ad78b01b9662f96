//! What can be chosen.

use std::sync::Arc;
use std::time::Duration;

use crate::id::NodeId;
use crate::service::Door;

/// Which transports are served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transports {
    /// HTTP long-polling.
    pub polling: bool,
    /// WebSocket, and the upgrade to it.
    pub websocket: bool,
}

/// Which origin browsers are told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CorsOrigin {
    /// `*`.
    Any,
    /// This one, whatever the request's is.
    Fixed(String),
}

/// Cross-origin headers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cors {
    /// Which origin browsers are told.
    pub origin: CorsOrigin,
    /// Whether they may send credentials.
    pub credentials: bool,
}

impl Cors {
    /// One origin, with credentials.
    #[must_use]
    pub fn fixed(origin: &str) -> Self {
        Self { origin: CorsOrigin::Fixed(origin.to_owned()), credentials: true }
    }

    /// Any origin, without credentials.
    #[must_use]
    pub fn any() -> Self {
        Self { origin: CorsOrigin::Any, credentials: false }
    }
}

/// How connections come back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecoveryMode {
    /// They do not: every CONNECT makes a fresh socket.
    Off,
    /// From this process's memory: every event carries an offset, and what a lost socket's rooms
    /// heard for so long is kept.
    InMemory {
        /// How long a lost socket is remembered.
        max_disconnection: Duration,
        /// Whether a recovered socket is not authorised again.
        skip_middlewares: bool,
    },
    /// The product recovers from a log of its own: see [`crate::Admission`].
    Product,
}

/// The engine's settings. `Default` is the reference server's.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where clients connect, with slashes around it.
    pub path: String,
    /// Between pings.
    pub ping_interval: Duration,
    /// For the answer to a ping.
    pub ping_timeout: Duration,
    /// For the first CONNECT.
    pub connect_timeout: Duration,
    /// For an upgrade, from its beginning to its end.
    pub upgrade_timeout: Duration,
    /// For a peer to take what is written to it.
    pub write_timeout: Duration,
    /// Most bytes of a message or request body.
    pub max_payload: usize,
    /// Most binary attachments of a packet.
    pub max_attachments: usize,
    /// Most bytes waiting for one connection.
    pub max_queue_bytes: usize,
    /// Most pipelined turns of a socket, and most events waiting for one.
    pub max_inflight: usize,
    /// Which transports are served.
    pub transports: Transports,
    /// Cross-origin headers; none if `None`.
    pub cors: Option<Cors>,
    /// Put before each session id, so that the node that holds it can be found by it.
    pub node_id: Option<NodeId>,
    /// How connections come back.
    pub recovery: RecoveryMode,
    /// Most connections; more are refused with 503.
    pub max_connections: Option<usize>,
    /// Most connections of one address (of IPv6: of 64 bits of it); more are refused with 429.
    pub max_per_address: Option<usize>,
    /// Whether a socket's handshake keeps the request's headers and query; they hold on to the
    /// buffer that they were read into, 8 KiB for each connection.
    pub keep_request: bool,
    /// Who may open a connection; everybody if `None`.
    pub door: Option<Arc<dyn Door>>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            path: "/socket.io/".to_owned(),
            ping_interval: Duration::from_millis(25_000),
            ping_timeout: Duration::from_millis(20_000),
            connect_timeout: Duration::from_millis(45_000),
            upgrade_timeout: Duration::from_millis(10_000),
            write_timeout: Duration::from_millis(10_000),
            max_payload: 1_000_000,
            max_attachments: 10,
            max_queue_bytes: 1 << 20,
            max_inflight: 64,
            transports: Transports { polling: true, websocket: true },
            cors: None,
            node_id: None,
            recovery: RecoveryMode::Off,
            max_connections: None,
            max_per_address: None,
            keep_request: true,
            door: None,
        }
    }
}
