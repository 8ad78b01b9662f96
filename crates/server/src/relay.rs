//! The relay of this node, if there is an event log to bring the outbox to. All nodes of a cluster have
//! one; the lease says whose works.

use std::sync::Arc;

use anyhow::Result;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use zvon_core::outbox::reader::Ground;
use zvon_core::outbox::relay::Relay;
use zvon_gateway::Gateway;

use crate::backing::Opened;
use crate::config::Config;
use crate::kafka;

/// The relay, running; or none.
pub(crate) struct Relaying(Option<(CancellationToken, JoinHandle<()>)>);

impl Relaying {
    /// Starts it, if there is an event log, and has the node's health tell of it. The log may be away.
    pub(crate) async fn start(config: &Config, opened: &Opened, gateway: &Gateway) -> Result<Self> {
        let backing = &opened.backing;
        let epoch = backing.store.log_epoch().await?;
        let Some(log) = kafka::event_log(config, "relay", &epoch) else { return Ok(Self(None)) };
        let (store, clock) = (Arc::clone(&backing.store), Arc::clone(&backing.clock));
        let ground = Ground { store, clock, leases: Arc::clone(&opened.leases) };
        let stop = CancellationToken::new();
        let relay = Relay::new(ground, log);
        gateway.tell_of_events(relay.standing());
        let task = tokio::spawn(relay.run(stop.clone()));
        Ok(Self(Some((stop, task))))
    }

    /// Ends it; what it was at is told again by the next one.
    pub(crate) async fn close(self) {
        if let Some((stop, task)) = self.0 {
            stop.cancel();
            let _ = task.await;
        }
    }
}
