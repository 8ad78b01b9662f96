//! The internal port: other nodes relay requests of this node's sessions to it.
//!
//! Private: it is for the addresses of the cluster alone, and what comes without a signed claim is
//! refused by the router. While it is open, this node stands in the registry. It closes last when
//! the node goes down, so that connections which drain are still reached.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use axum::Router;
use axum::body::Body;
use hyper::Request;
use hyper::body::Incoming;
use hyper::service::service_fn;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt;
use zvon_core::node::Nodes;
use zvon_gateway::notice_dead_peer;
use zvon_socketio::NodeId;

use super::speak;

/// How long a connection may wait for its next request; other nodes keep one for less.
const IDLE: Duration = Duration::from_secs(90);
/// A client's head, and what is put to it.
const HEAD_BYTES: usize = 32 * 1024;
/// Between renewals of the entry in the registry.
const BEAT: Duration = Duration::from_secs(1);
/// For what is under way at the end.
const REST: Duration = Duration::from_secs(2);

/// The port, open but not yet served.
pub(crate) struct Internal {
    door: TcpListener,
    /// Where other nodes reach it.
    pub(crate) address: SocketAddr,
    /// Who this process is in the cluster.
    pub(crate) node: NodeId,
}

/// A port that is served.
pub(crate) struct Serving {
    nodes: Arc<dyn Nodes>,
    node: NodeId,
    stop: CancellationToken,
    beating: JoinHandle<()>,
    serving: JoinHandle<()>,
}

impl Internal {
    /// Opens the port. Others reach it at `advertised`, or where it listens if that is `None`.
    pub(crate) fn open(listen: SocketAddr, advertised: Option<SocketAddr>) -> Result<Self> {
        let door = super::bind(listen)?;
        let address = advertised.map_or_else(|| door.local_addr(), Ok)?;
        Ok(Self { door, address, node: NodeId::random() })
    }

    /// Enters the registry and serves, with at most so many connections.
    pub(crate) async fn serve(self, router: Router, nodes: Arc<dyn Nodes>, most: usize) -> Serving {
        let Self { door, address, node } = self;
        let stop = CancellationToken::new();
        let serving = tokio::spawn(serve(door, router, most, stop.clone()));
        nodes.beat(node.as_str(), address).await;
        let beats = beat(Arc::clone(&nodes), node.clone(), address);
        let until = stop.clone();
        let beating = tokio::spawn(async move {
            until.run_until_cancelled(beats).await;
        });
        tracing::info!(%node, %address, "reached by other nodes");
        Serving { nodes, node, stop, beating, serving }
    }
}

impl Serving {
    /// Leaves the registry and closes the port.
    pub(crate) async fn close(self) {
        self.stop.cancel();
        let _ = self.beating.await;
        self.nodes.leave(self.node.as_str()).await;
        let _ = tokio::time::timeout(REST, self.serving).await;
    }
}

async fn beat(nodes: Arc<dyn Nodes>, node: NodeId, address: SocketAddr) {
    loop {
        tokio::time::sleep(BEAT).await;
        nodes.beat(node.as_str(), address).await;
    }
}

async fn serve(door: TcpListener, router: Router, most: usize, stop: CancellationToken) {
    let connections = TaskTracker::new();
    let room = Arc::new(Semaphore::new(most.min(Semaphore::MAX_PERMITS)));
    loop {
        let accepted = tokio::select! {
            () = stop.cancelled() => break,
            accepted = door.accept() => accepted,
        };
        match accepted {
            Ok((stream, peer)) => {
                let Ok(place) = Arc::clone(&room).try_acquire_owned() else {
                    tracing::warn!(%peer, "a node is turned away: there are too many connections");
                    continue;
                };
                let serving = connection(stream, peer, router.clone(), stop.clone());
                connections.spawn(async move {
                    serving.await;
                    drop(place);
                });
            }
            Err(error) => {
                tracing::warn!(%error, "a connection of a node could not be accepted");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
    drop(door);
    connections.close();
    connections.wait().await;
}

async fn connection(stream: TcpStream, peer: SocketAddr, router: Router, stop: CancellationToken) {
    if let Err(error) = notice_dead_peer(&stream) {
        tracing::debug!(%error, %peer, "a connection of a node has ended at once");
        return;
    }
    let service = service_fn(move |request: Request<Incoming>| {
        router.clone().oneshot(request.map(Body::new))
    });
    speak(stream, service, (IDLE, HEAD_BYTES), peer, stop).await;
}
