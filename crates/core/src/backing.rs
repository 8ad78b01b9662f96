//! Everything that is swappable, on one page.
//!
//! | seam | embedded | cluster |
//! |---|---|---|
//! | [`Store`] | SQLite | PostgreSQL |
//! | [`Bus`] | alone | Redis |
//! | [`Nodes`] | alone | Redis |
//! | [`Presence`] | memory | Redis |
//! | [`Limiter`] | memory | Redis |
//! | [`Cache`] | memory | Redis, memory in front |
//! | [`Post`] | HTTP | HTTP |
//! | [`Clock`] | system | system |

use std::sync::Arc;

use crate::cache::Cache;
use crate::clock::Clock;
use crate::delivery::bus::Bus;
use crate::limiter::Limiter;
use crate::node::Nodes;
use crate::presence::Presence;
use crate::store::Store;
use crate::webhook::post::Post;

/// What a node stands on. Chosen once, at start, by `server/src/backing.rs`.
#[derive(Clone)]
pub struct Backing {
    /// Durable truth.
    pub store: Arc<dyn Store>,
    /// The other nodes, for what stands in a log.
    pub bus: Arc<dyn Bus>,
    /// Who is in the cluster.
    pub nodes: Arc<dyn Nodes>,
    /// Who is online.
    pub presence: Arc<dyn Presence>,
    /// Exact windows.
    pub limiter: Arc<dyn Limiter>,
    /// What was read already.
    pub cache: Arc<dyn Cache>,
    /// Other systems' HTTP servers.
    pub post: Arc<dyn Post>,
    /// The time.
    pub clock: Arc<dyn Clock>,
}
