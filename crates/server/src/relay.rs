//! The relay of this node, if there is an event log to bring the outbox to. All nodes of a cluster have
//! one; the lease says whose works.

use std::sync::Arc;

use anyhow::Result;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use zvon_core::outbox::reader::Ground;
use zvon_core::outbox::relay::Relay;

use crate::backing::Opened;
use crate::config::Config;
use crate::kafka;

/// A relay that runs.
pub(crate) struct Relaying {
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Relaying {
    /// Starts it; `None` without an event log. The log may be away.
    pub(crate) async fn start(config: &Config, opened: &Opened) -> Result<Option<Self>> {
        let backing = &opened.backing;
        let epoch = backing.store.log_epoch().await?;
        let Some(log) = kafka::event_log(config, "relay", &epoch) else { return Ok(None) };
        let (store, clock) = (Arc::clone(&backing.store), Arc::clone(&backing.clock));
        let ground = Ground { store, clock, leases: Arc::clone(&opened.leases) };
        let stop = CancellationToken::new();
        let task = tokio::spawn(Relay::new(ground, log).run(stop.clone()));
        Ok(Some(Self { stop, task }))
    }

    /// Ends it; what it was at is told again by the next one.
    pub(crate) async fn close(self) {
        self.stop.cancel();
        let _ = self.task.await;
    }
}
