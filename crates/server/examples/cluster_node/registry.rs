//! A registry that is a folder: a file for each node, its address in it. Tests make dead, unknown
//! and misplaced nodes of it by writing and removing files.

use std::net::SocketAddr;
use std::path::PathBuf;

use async_trait::async_trait;
use zvon_core::node::Nodes;

/// The folder.
pub struct Folder(pub PathBuf);

#[async_trait]
impl Nodes for Folder {
    async fn beat(&self, node: &str, address: SocketAddr) {
        // Whole or not at all, as others read it meanwhile.
        let (fresh, entry) = (self.0.join(format!(".{node}")), self.0.join(node));
        if !entry.exists() && std::fs::write(&fresh, address.to_string()).is_ok() {
            let _ = std::fs::rename(fresh, entry);
        }
    }

    async fn leave(&self, node: &str) {
        let _ = std::fs::remove_file(self.0.join(node));
    }

    async fn address(&self, node: &str) -> Option<SocketAddr> {
        std::fs::read_to_string(self.0.join(node)).ok()?.parse().ok()
    }

    fn is_reachable(&self) -> Option<bool> {
        Some(true)
    }

    fn count(&self) -> usize {
        std::fs::read_dir(&self.0).map_or(1, Iterator::count)
    }
}
