//! What an operator can choose about the edge.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use ipnet::IpNet;
use zvon_core::settings::Settings as Core;
use zvon_socketio::{Config, Cors, Door, NodeId, RecoveryMode};

/// The edge's settings. `Default` is what `config.default.toml` says.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The product's own.
    pub core: Core,
    /// Access tokens.
    pub tokens: TokenSettings,
    /// Balancers in front of this server: what they say of a client's address is believed.
    pub trusted_proxies: Vec<IpNet>,
    /// The origin of the front end, for CORS and handshakes.
    pub frontend_url: String,
    /// The engine's.
    pub socket: SocketSettings,
    /// Memory thresholds of `/health`.
    pub health: HealthLimits,
    /// Other nodes; `None` if there are none.
    pub relay: Option<RelaySettings>,
}

/// How requests go to the node that owns their session.
#[derive(Clone)]
pub struct RelaySettings {
    /// This node's id.
    pub node: NodeId,
    /// The cluster's keys. The first signs, all are understood.
    pub keys: Vec<Vec<u8>>,
    /// Most requests and WebSockets that are relayed at a time, in each direction.
    pub most: usize,
}

impl fmt::Debug for RelaySettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RelaySettings").field("most", &self.most).finish_non_exhaustive()
    }
}

/// How access tokens are made and read.
#[derive(Clone)]
pub struct TokenSettings {
    /// Sign them (HMAC); at least 32 bytes are wise. The first makes new ones, all are understood.
    pub secrets: Vec<Vec<u8>>,
    /// How long one lives.
    pub life: Duration,
    /// How long one lives whose client has a refresh token.
    pub short_life: Duration,
    /// Whether those of the existing back end, which know of no session, are taken.
    pub accept_legacy: bool,
}

impl Default for TokenSettings {
    fn default() -> Self {
        let (life, short_life) = (Duration::from_secs(86_400), Duration::from_secs(3600));
        Self { secrets: Vec::new(), life, short_life, accept_legacy: false }
    }
}

impl fmt::Debug for TokenSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenSettings").field("life", &self.life).finish_non_exhaustive()
    }
}

/// Timing and bounds of connections.
#[derive(Clone, Copy, Debug)]
pub struct SocketSettings {
    /// Between pings.
    pub ping_interval: Duration,
    /// For the answer to a ping.
    pub ping_timeout: Duration,
    /// For the first CONNECT.
    pub connect_timeout: Duration,
    /// Most bytes of a frame or request body.
    pub max_payload: usize,
    /// Most bytes waiting for one connection; beyond it the connection closes and resumes.
    pub queue_bytes: usize,
    /// Most connections of an address.
    pub per_address: Option<usize>,
    /// Most sockets of a user.
    pub per_user: Option<usize>,
}

/// Memory thresholds of `/health`, in bytes; `None` leaves the check out of trouble.
#[derive(Clone, Copy, Debug, Default)]
pub struct HealthLimits {
    /// Of the heap.
    pub heap_max: Option<u64>,
    /// Of resident memory.
    pub rss_max: Option<u64>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            core: Core::default(),
            tokens: TokenSettings::default(),
            trusted_proxies: Vec::new(),
            frontend_url: "http://localhost:3000".to_owned(),
            socket: SocketSettings::default(),
            health: HealthLimits::default(),
            relay: None,
        }
    }
}

impl Default for SocketSettings {
    fn default() -> Self {
        Self {
            ping_interval: Duration::from_secs(10),
            ping_timeout: Duration::from_secs(30),
            connect_timeout: Duration::from_secs(30),
            max_payload: 1_000_000,
            queue_bytes: 1 << 20,
            per_address: Some(1000),
            per_user: Some(100),
        }
    }
}

impl Settings {
    /// The engine's configuration.
    pub(crate) fn engine(&self, door: Arc<dyn Door>) -> Config {
        Config {
            ping_interval: self.socket.ping_interval,
            ping_timeout: self.socket.ping_timeout,
            connect_timeout: self.socket.connect_timeout,
            max_payload: self.socket.max_payload,
            max_queue_bytes: self.socket.queue_bytes,
            recovery: RecoveryMode::Product,
            keep_request: false,
            cors: Some(Cors::fixed(&self.frontend_url)),
            door: Some(door),
            node_id: self.relay.as_ref().map(|relay| relay.node.clone()),
            max_per_address: self.socket.per_address,
            ..Config::default()
        }
    }
}
