//! This node is all there is.

use std::net::SocketAddr;

use async_trait::async_trait;
use zvon_core::node::Nodes;

/// A registry of one, who needs no address.
#[derive(Clone, Copy, Debug, Default)]
pub struct Alone;

#[async_trait]
impl Nodes for Alone {
    async fn beat(&self, _: &str, _: SocketAddr) {}

    async fn leave(&self, _: &str) {}

    async fn address(&self, _: &str) -> Option<SocketAddr> {
        None
    }

    fn is_reachable(&self) -> Option<bool> {
        None
    }

    fn count(&self) -> usize {
        1
    }
}
