//! What is set from outside.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use zvon_socketio::Socket;

use crate::channel::SubscriptionMode;

/// What other nodes are told of a socket's data: `socket.data` of a JavaScript node.
pub type Describe = Arc<dyn Fn(&Socket) -> serde_json::Value + Send + Sync>;

/// The adapter's settings.
#[derive(Clone)]
pub struct Config {
    /// Where Redis is: `redis://[user:password@]host[:port]`, `rediss://` for TLS. With
    /// `sentinel`, the Sentinels; with `cluster`, some servers of it, whose credentials are all's.
    pub urls: Vec<String>,
    /// The name under which Sentinels know the primary.
    pub sentinel: Option<String>,
    /// Whether it is a Redis Cluster.
    pub cluster: bool,
    /// What all channels begin with.
    pub prefix: String,
    /// Which rooms have channels of their own.
    pub mode: SubscriptionMode,
    /// For Redis to answer, to a command or to a new connection.
    pub timeout: Duration,
    /// Between looks at whether Redis is there and knows what is subscribed.
    pub check_interval: Duration,
    /// Most bytes waiting for Redis, in equal parts for each master of a cluster; the oldest are
    /// dropped.
    pub max_queue_bytes: usize,
    /// How long a message may wait for Redis before it is of no use.
    pub max_queue_age: Duration,
    /// Most bytes that came and wait to be handled; the newest are dropped.
    pub max_waiting_bytes: usize,
    /// What other nodes are told of a socket's data; an empty object if `None`.
    pub describe: Option<Describe>,
}

impl Config {
    /// The JavaScript adapter's settings, for one Redis.
    #[must_use]
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            urls: vec![url.into()],
            sentinel: None,
            cluster: false,
            prefix: "socket.io".to_owned(),
            mode: SubscriptionMode::default(),
            timeout: Duration::from_secs(1),
            check_interval: Duration::from_secs(1),
            max_queue_bytes: 16 << 20,
            max_queue_age: Duration::from_secs(10),
            max_waiting_bytes: 64 << 20,
            describe: None,
        }
    }
}

impl fmt::Debug for Config {
    /// Without the addresses, which may hold a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("sentinel", &self.sentinel)
            .field("cluster", &self.cluster)
            .field("prefix", &self.prefix)
            .field("mode", &self.mode)
            .finish_non_exhaustive()
    }
}
