//! The server.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64};
use std::time::Duration;

use parking_lot::RwLock;
use tokio::sync::Notify;

use crate::adapter::{Adapter, Alone};
use crate::config::{Config, RecoveryMode};
use crate::drain;
use crate::engine::raw::RawHandler;
use crate::engine::sessions::Sessions;
use crate::seats::Seats;
use crate::service::EngineService;
use crate::socket::handler::Handler;
use crate::socket::namespace::Namespace;
use crate::socket::recovery::Journal;
use crate::stats::{Census, Counters, Stats};

/// What the tasks of a server share.
pub(crate) struct Shared {
    pub(crate) config: Config,
    pub(crate) adapter: Arc<dyn Adapter>,
    /// Takes whole messages, if Socket.IO is not spoken.
    pub(crate) raw: Option<Arc<dyn RawHandler>>,
    pub(crate) namespaces: RwLock<HashMap<Arc<str>, Namespace>>,
    pub(crate) sessions: Sessions,
    /// What each address holds of them.
    pub(crate) addresses: Seats<IpAddr>,
    pub(crate) counters: Arc<Counters>,
    pub(crate) draining: AtomicBool,
    /// Connections that are over, but not all of whose turns are.
    pub(crate) finishing: AtomicU64,
    /// A connection is over.
    pub(crate) closed: Notify,
}

/// A server. Cheap to clone.
#[derive(Clone)]
pub struct Io(Arc<Shared>);

impl Io {
    /// A server alone. Its connections need a tokio runtime.
    #[must_use]
    pub fn new(config: Config) -> Self {
        Self::with_adapter(config, Arc::new(Alone))
    }

    /// A server among others.
    #[must_use]
    pub fn with_adapter(config: Config, adapter: Arc<dyn Adapter>) -> Self {
        Self::make(config, adapter, None)
    }

    /// A server that speaks Engine.IO only.
    #[must_use]
    pub fn raw(config: Config, handler: Arc<dyn RawHandler>) -> Self {
        Self::make(config, Arc::new(Alone), Some(handler))
    }

    fn make(config: Config, adapter: Arc<dyn Adapter>, raw: Option<Arc<dyn RawHandler>>) -> Self {
        Self(Arc::new(Shared {
            config,
            adapter,
            raw,
            namespaces: RwLock::default(),
            sessions: Sessions::default(),
            addresses: Seats::default(),
            counters: Arc::default(),
            draining: AtomicBool::new(false),
            finishing: AtomicU64::new(0),
            closed: Notify::new(),
        }))
    }

    /// Serves a namespace with a handler.
    pub fn namespace(&self, path: &str, handler: Arc<dyn Handler>) -> Namespace {
        let journal = match self.0.config.recovery {
            RecoveryMode::InMemory { max_disconnection, skip_middlewares } => {
                Some(Journal::new(max_disconnection, skip_middlewares))
            }
            RecoveryMode::Off | RecoveryMode::Product => None,
        };
        let (adapter, counters) = (Arc::clone(&self.0.adapter), Arc::clone(&self.0.counters));
        let namespace = Namespace::new(path, handler, adapter, journal, counters);
        self.0.namespaces.write().insert(path.into(), namespace.clone());
        self.0.adapter.attach(&namespace);
        namespace
    }

    /// What an HTTP stack mounts at the configured path.
    #[must_use]
    pub fn service(&self) -> EngineService {
        EngineService(Arc::clone(&self.0))
    }

    /// Whether a request's path is this server's: it begins with the configured one, of which the
    /// slash at the end is a part.
    #[must_use]
    pub fn serves(&self, path: &str) -> bool {
        path.starts_with(&self.0.config.path)
    }

    /// How many connections are live.
    #[must_use]
    pub fn connections(&self) -> usize {
        usize::try_from(self.stats().connections).unwrap_or(usize::MAX)
    }

    /// What has happened since the start.
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.0.counters.read()
    }

    /// Looks at every live connection; costs a moment for each, for whoever asks now and then.
    #[must_use]
    pub fn census(&self) -> Census {
        self.0.census()
    }

    /// Refuses new connections with 503 and closes the live ones over `window`, each when what
    /// is queued to it was sent, without telling clients to stay away. Returns when all are
    /// closed, at the latest two seconds after the window.
    pub async fn drain(&self, window: Duration) {
        drain::drain(&self.0, window).await;
    }
}
