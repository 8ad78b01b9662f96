//! The client edge: REST and Socket.IO in front of `core`.
//!
//! It parses what comes in into typed commands with a [`caller`], asks `core`, and encodes what
//! goes out; it decides nothing about chats. [`error`] is the only place where a domain error
//! becomes a status or an ack. One file per command in [`socket`], one per group of routes in
//! [`http`]; [`documents`] says what both are, from the same tables.

mod caller;
mod documents;
mod door;
mod error;
mod http;
mod meters;
mod peer;
mod relay;
mod settings;
mod socket;
mod token;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use axum::Router;
use zvon_core::App;
use zvon_core::backing::Backing;
use zvon_core::error::Result;
use zvon_core::lease::Leases;
use zvon_core::outbox::relay::standing::Standing;
use zvon_socketio::{Adapter, Io, Namespace};

pub use relay::wire::notice_dead_peer;
pub use settings::{HealthLimits, RelaySettings, Settings, SocketSettings, TokenSettings};

use crate::documents::Documents;
use crate::door::Origins;
use crate::meters::Meters;
use crate::relay::Relay;
use crate::socket::Chat;
use crate::socket::rooms::Rooms;
use crate::token::Tokens;

/// The parsers of what clients send, for fuzzing; not part of the public interface.
#[doc(hidden)]
pub mod parsers {
    use std::net::IpAddr;

    use crate::settings::TokenSettings;
    use crate::socket::resume::Positions;
    use crate::token::Tokens;

    /// An offset that a client gave back, as it would be written again.
    #[must_use]
    pub fn offset(text: &str) -> Option<String> {
        Positions::parse(text).map(|positions| positions.offset())
    }

    /// Whether a text is a token of that secret.
    #[must_use]
    pub fn is_token(secret: &[u8], text: &str) -> bool {
        let secrets = vec![secret.to_vec()];
        Tokens::new(TokenSettings { secrets, ..TokenSettings::default() }).read(text).is_ok()
    }

    pub use crate::relay::sign::{Claim, Keys, Refusal};

    /// An address as a balancer wrote it.
    #[must_use]
    pub fn forwarded(text: &str) -> Option<IpAddr> {
        crate::peer::address(text)
    }
}

/// The running edge of a node. Cheap to clone.
#[derive(Clone)]
pub struct Gateway(Arc<Edge>);

/// What every route and command works with.
pub(crate) struct Edge {
    pub(crate) app: Arc<App>,
    pub(crate) tokens: Tokens,
    pub(crate) io: Io,
    pub(crate) namespace: Namespace,
    pub(crate) meters: Arc<Meters>,
    pub(crate) settings: Settings,
    pub(crate) ready: AtomicBool,
    pub(crate) relay: Option<Arc<Relay>>,
    /// How events get on to the event log, once there is one.
    pub(crate) events: OnceLock<Standing>,
    /// Made when somebody asks for them first.
    documents: OnceLock<Documents>,
}

impl Edge {
    /// The API's documents.
    pub(crate) fn documents(&self) -> &Documents {
        self.documents.get_or_init(Documents::new)
    }
}

impl Gateway {
    /// Starts the product and its edge; needs a tokio runtime. It is not ready until
    /// [`Gateway::set_ready`] says so.
    ///
    /// # Errors
    /// The store's.
    pub async fn start(
        backing: Backing,
        adapter: Arc<dyn Adapter>,
        settings: Settings,
    ) -> Result<Self> {
        let door = Arc::new(Origins::new([settings.frontend_url.clone()]));
        let io = Io::with_adapter(settings.engine(door), adapter);
        let rooms = Arc::new(Rooms::default());
        let core = settings.core.clone();
        let relay = settings.relay.as_ref().map(|relay| {
            let (nodes, clock) = (Arc::clone(&backing.nodes), Arc::clone(&backing.clock));
            let most = settings.socket.queue_bytes.max(settings.socket.max_payload);
            Arc::new(Relay::new(relay, nodes, clock, most * 2))
        });
        let app = App::start(backing, Arc::clone(&rooms) as Arc<_>, core).await?;
        let tokens = Tokens::new(settings.tokens.clone());
        let meters = Arc::new(Meters::new());
        let handler =
            Chat::new(Arc::clone(&app), tokens.clone(), Arc::clone(&meters), &rooms, &settings);
        let namespace = io.namespace("/", Arc::new(handler));
        rooms.attach(namespace.clone());
        let ready = AtomicBool::new(false);
        let (documents, events) = (OnceLock::new(), OnceLock::new());
        let edge =
            Edge { app, tokens, io, namespace, meters, settings, ready, relay, events, documents };
        Ok(Self(Arc::new(edge)))
    }

    /// Has this node let expire what chats do not keep, in turn with the others.
    pub fn sweep(&self, leases: Arc<dyn Leases>) {
        self.0.app.start_sweeper(leases);
    }

    /// Everything that is served on the public port.
    pub fn router(&self) -> Router {
        http::router(&self.0)
    }

    /// The routes of `/health` alone, for a port of the operators' own.
    pub fn probes(&self) -> Router {
        http::probes(&self.0)
    }

    /// What the internal port serves: requests that other nodes relay to this one.
    pub fn internal(&self) -> Router {
        relay::router(&self.0)
    }

    /// Takes those metrics that are looked up rather than counted; to be called before they are
    /// shown.
    pub fn look(&self) {
        let edge = &self.0;
        meters::look(&edge.io, &edge.namespace, edge.app.queued());
        meters::look_around(edge.app.is_connected());
        if let Some(relay) = &edge.relay {
            relay.look();
        }
    }

    /// Whether balancers should send clients here.
    pub fn set_ready(&self, ready: bool) {
        self.0.ready.store(ready, Ordering::Relaxed);
    }

    /// Health tells from now on how events get on to the event log.
    pub fn tell_of_events(&self, standing: Standing) {
        let _ = self.0.events.set(standing);
    }

    /// How many connections are live.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.0.io.connections()
    }

    /// Takes no new connections, closes the live ones by transport over `window`, then finishes
    /// what is queued. Until then requests of this node's sessions are still relayed to it, and
    /// from it what is under way. After it the store can be closed.
    pub async fn drain(&self, window: Duration) {
        self.set_ready(false);
        match &self.0.relay {
            Some(relay) => drop(tokio::join!(self.0.io.drain(window), relay.drain(window))),
            None => self.0.io.drain(window).await,
        }
        self.0.app.shutdown().await;
    }
}
