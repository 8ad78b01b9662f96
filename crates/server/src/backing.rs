//! The one switch: what the node stands on. Embedded is a cluster of one.

use std::sync::Arc;

use anyhow::{Context, Result};
use zvon_backplane::limiter::MemoryLimiter;
use zvon_backplane::presence::MemoryPresence;
use zvon_backplane::{bus, node};
use zvon_core::backing::Backing;
use zvon_core::clock::SystemClock;
use zvon_store::sqlite::Sqlite;

use crate::config::Config;

/// The database's file in the data directory.
pub(crate) const FILE: &str = "zvon.db";

/// What was opened, to be closed at the end.
pub(crate) struct Opened {
    pub(crate) backing: Backing,
    store: Sqlite,
}

impl Opened {
    /// Closes what has to be.
    pub(crate) async fn close(&self) {
        self.store.close().await;
    }
}

/// Opens what the configuration asks for.
pub(crate) async fn open(config: &Config) -> Result<Opened> {
    anyhow::ensure!(!config.is_cluster(), "store.url: PostgreSQL is not built in yet");
    let path = config.server.data.join(FILE);
    let store = Sqlite::open(&path, config.store.read_connections)
        .await
        .with_context(|| format!("the database {} cannot be opened", path.display()))?;
    let clock = Arc::new(SystemClock);
    let grace = config.presence.grace.0;
    let backing = Backing {
        store: Arc::new(store.clone()),
        bus: Arc::new(bus::Alone),
        nodes: Arc::new(node::Alone),
        presence: Arc::new(MemoryPresence::new(Arc::clone(&clock) as _, grace)),
        limiter: Arc::new(MemoryLimiter::default()),
        clock,
    };
    Ok(Opened { backing, store })
}
