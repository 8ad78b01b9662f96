//! The registry of nodes in Redis.
//!
//! Each node has a lease of seven seconds on Redis' clock, and an address. Every beat brings the
//! whole list along, so a lookup usually asks nobody; a copy older than a second, or a node that
//! is not in it, is asked for once, by one caller for all who wait. While Redis is away what was
//! known last stays true.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use parking_lot::Mutex;
use zvon_core::node::Nodes;

use super::most::Most;
use crate::redis::{Call, Link, LinkError, Script};

const KEYS: [&str; 2] = ["zvon:{nodes}:leases", "zvon:{nodes}:addresses"];

/// How long a node lives without a beat.
const LEASE: Duration = Duration::from_secs(7);

/// How old the copy may be.
const OLD: Duration = Duration::from_secs(1);

/// Most time for a lookup.
const LOOKUP: Duration = Duration::from_millis(250);

/// The registry in Redis.
pub struct RedisNodes {
    link: Arc<Link>,
    script: Script,
    known: Mutex<Known>,
    /// One asks for all.
    asking: tokio::sync::Mutex<()>,
}

/// All nodes, as of some time.
#[derive(Default)]
struct Known {
    at: Option<Instant>,
    nodes: HashMap<String, SocketAddr>,
    most: Most,
}

impl RedisNodes {
    /// A view of the registry over that link.
    #[must_use]
    pub fn new(link: Arc<Link>) -> Self {
        let script = Script::new(include_str!("registry.lua"));
        Self { link, script, known: Mutex::default(), asking: tokio::sync::Mutex::default() }
    }

    fn call(&self, verb: &str) -> Call {
        self.script.call(&KEYS).arg(verb)
    }

    /// Makes a call, and learns who lives.
    async fn learn(&self, call: Call) -> Result<(), LinkError> {
        let asked = Instant::now();
        let answer: Vec<(String, String)> = self.link.eval(&call).await?;
        let node = |(name, address): (String, String)| Some((name, address.parse().ok()?));
        let nodes: HashMap<_, _> = answer.into_iter().filter_map(node).collect();
        let mut known = self.known.lock();
        if known.at.is_none_or(|at| at < asked) {
            known.most.note(asked, nodes.len());
            (known.at, known.nodes) = (Some(asked), nodes);
        }
        Ok(())
    }

    /// Where it is, and since when that is known.
    fn known(&self, node: &str) -> (Option<SocketAddr>, Option<Instant>) {
        let known = self.known.lock();
        (known.nodes.get(node).copied(), known.at)
    }

    async fn look(&self, begun: Instant) -> Result<(), LinkError> {
        let _one = self.asking.lock().await;
        // Somebody may have asked while this one waited.
        if self.known.lock().at.is_some_and(|at| at >= begun) {
            return Ok(());
        }
        self.learn(self.call("list")).await
    }
}

#[async_trait]
impl Nodes for RedisNodes {
    async fn beat(&self, node: &str, address: SocketAddr) {
        let call = self.call("beat").arg(node).arg(address.to_string());
        let lease = u64::try_from(LEASE.as_millis()).unwrap_or(u64::MAX);
        if let Err(error) = self.learn(call.arg(lease)).await {
            tracing::debug!(%error, "the node could not be entered");
        }
    }

    async fn leave(&self, node: &str) {
        if let Err(error) = self.learn(self.call("leave").arg(node)).await {
            tracing::debug!(%error, "the node's entry runs out by itself");
        }
    }

    async fn address(&self, node: &str) -> Option<SocketAddr> {
        let begun = Instant::now();
        let (address, at) = self.known(node);
        if address.is_some() && at.is_some_and(|at| begun.duration_since(at) <= OLD) {
            return address;
        }
        match tokio::time::timeout(LOOKUP, self.look(begun)).await {
            Ok(Ok(())) => self.known(node).0,
            Ok(Err(_)) | Err(_) => address,
        }
    }

    fn is_reachable(&self) -> Option<bool> {
        Some(self.link.health().up)
    }

    fn count(&self) -> usize {
        self.known.lock().most.get().max(1)
    }
}
