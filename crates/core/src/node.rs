//! The seam to the registry of nodes: who is in the cluster, and where.

use std::net::SocketAddr;

use async_trait::async_trait;

/// The nodes that live now. Each has an entry under a lease; one that died is gone when its lease
/// has run out, one that leaves at once.
#[async_trait]
pub trait Nodes: Send + Sync {
    /// Enters this node, or renews its lease. To be called every second or two; `address` is
    /// where other nodes reach it. What cannot be reached is tried again by the next call.
    async fn beat(&self, node: &str, address: SocketAddr);

    /// Takes this node's entry out.
    async fn leave(&self, node: &str);

    /// Where that node is, if it lives. Known from at most a second ago; who is not known is
    /// looked up once more. Answers `None` if the registry can not be asked in a quarter of a
    /// second and the node was not known before.
    async fn address(&self, node: &str) -> Option<SocketAddr>;

    /// Whether what the nodes share for a while can be reached now; `None` where they share
    /// nothing. It is for who watches: without it everything goes on, only slower.
    fn is_reachable(&self) -> Option<bool>;

    /// How many nodes lived at a time during the last minute, as far as is known; at least one. (Who
    /// is not heard of may only be cut off.)
    fn count(&self) -> usize;
}
