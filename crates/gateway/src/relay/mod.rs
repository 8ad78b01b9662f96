//! No sticky sessions: a request that lands on another node than the one that owns its session is
//! relayed there, over a connection between the two nodes.
//!
//! * [`outbound`] stands before the engine: it looks the owner up, asks it, and gives its answer to
//!   the client as it is, CORS headers and all. A WebSocket is carried on as bytes ([`tunnel`]).
//! * [`inbound`] is what the internal port serves: the engine, for requests whose claim ([`sign`])
//!   is signed, meant for this node, of this minute and not seen before ([`replay`]).
//! * [`wire`] keeps the connections, [`reply`] is the form of answers on them.
//!
//! Guarantees. Both ends have proved to have the cluster's key before anything of a client is sent.
//! The owner counts the connection and its address, the node in front counts nothing of it; the
//! origin was looked at when the session began, on its owner. An abort by either side drops the
//! request at the other. Relayed requests are never relayed again. As much is relayed at a time as
//! the settings say; what is more, what no node answers for, and what is not answered in half a
//! second, hears that its session is unknown.

mod inbound;
mod meters;
mod outbound;
mod replay;
mod reply;
pub(crate) mod sign;
mod tunnel;
pub(crate) mod wire;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use http::Method;
use parking_lot::Mutex;
use tokio::sync::{Semaphore, watch};
use zvon_core::clock::Clock;
use zvon_core::node::Nodes;
use zvon_socketio::NodeId;

pub(crate) use inbound::router;
pub(crate) use outbound::pass;

use self::meters::Meters;
use self::replay::Seen;
use self::sign::{Claim, Keys, Signed};
use self::wire::Pool;
use crate::settings::RelaySettings;

/// How long tunnels that were closed last may take.
const REST: Duration = Duration::from_secs(2);

/// Why a request could not be relayed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lost {
    /// As much is relayed as may be.
    Full,
    /// No node of that id lives.
    UnknownNode,
    /// Nobody listens at its address.
    Unreachable,
    /// It did not say in time that it has the request.
    Silent,
    /// It does not know us, or it is another one.
    Refused,
    /// The connection ended too early.
    Broken,
}

/// What relaying works with.
pub(crate) struct Relay {
    node: NodeId,
    nodes: Arc<dyn Nodes>,
    clock: Arc<dyn Clock>,
    keys: Keys,
    /// The number of the last claim.
    number: AtomicU64,
    seen: Mutex<Seen>,
    pool: Pool,
    /// Room for what is sent on.
    out: Arc<Semaphore>,
    /// Room for what comes in.
    within: Arc<Semaphore>,
    most: usize,
    /// Most bytes of an answer's body.
    answer_max: usize,
    meters: Meters,
    /// Over which window tunnels are to end, once they are.
    stop: watch::Sender<Option<Duration>>,
}

impl Relay {
    /// `answer_max` is the most bytes of a payload.
    pub(crate) fn new(
        settings: &RelaySettings,
        nodes: Arc<dyn Nodes>,
        clock: Arc<dyn Clock>,
        answer_max: usize,
    ) -> Self {
        let most = settings.most.min(Semaphore::MAX_PERMITS);
        Self {
            node: settings.node.clone(),
            nodes,
            clock,
            keys: Keys::derive(&settings.keys),
            number: AtomicU64::new(0),
            seen: Mutex::default(),
            pool: Pool::default(),
            out: Arc::new(Semaphore::new(most)),
            within: Arc::new(Semaphore::new(most)),
            most,
            answer_max,
            meters: Meters::new(),
            stop: watch::Sender::new(None),
        }
    }

    /// Takes the figures that are looked up.
    pub(crate) fn look(&self) {
        let open = |room: &Semaphore| self.most - room.available_permits();
        self.meters.look(open(&self.out), open(&self.within));
    }

    /// Ends the WebSockets that go through this node to others over `window`; returns when all
    /// have ended, at the latest two seconds after it. Other requests go on to their end.
    pub(crate) async fn drain(&self, window: Duration) {
        self.stop.send_replace(Some(window));
        let _ = tokio::time::timeout(window + REST, self.stop.closed()).await;
    }

    fn sign(
        &self,
        target: &NodeId,
        method: &Method,
        path: &str,
        client: SocketAddr,
    ) -> Option<Signed> {
        let claim = Claim {
            at: self.clock.now().0,
            number: self.number.fetch_add(1, Ordering::Relaxed) + 1,
            target: target.clone(),
            sender: self.node.clone(),
            client,
        };
        self.keys.sign(&claim, method, path)
    }
}
