//! A cluster of three masters.

use super::Server;
use crate::ports::free_pair;

/// Three masters that share the slots; where one is away the others go on.
pub struct Cluster(Vec<Server>);

impl Cluster {
    /// All of them, ready.
    ///
    /// # Panics
    /// If Redis is not installed or they do not find each other.
    #[must_use]
    pub fn start() -> Self {
        let options = [
            "--cluster-enabled",
            "yes",
            "--cluster-node-timeout",
            "2000",
            "--cluster-require-full-coverage",
            "no",
        ];
        let nodes: Vec<Server> = (0..3).map(|_| Server::at(free_pair(), &options)).collect();
        let slots = [("0", "5460"), ("5461", "10922"), ("10923", "16383")];
        let first = nodes[0].port().to_string();
        for (index, (node, (from, to))) in nodes.iter().zip(slots).enumerate() {
            node.cli(&["CLUSTER", "ADDSLOTSRANGE", from, to]);
            node.cli(&["CLUSTER", "SET-CONFIG-EPOCH", &(index + 1).to_string()]);
            node.cli(&["CLUSTER", "MEET", "127.0.0.1", &first]);
        }
        for node in &nodes {
            node.wait_for(|node| {
                let info = node.cli(&["CLUSTER", "INFO"]);
                info.contains("cluster_state:ok") && info.contains("cluster_known_nodes:3")
            });
        }
        Self(nodes)
    }

    /// Where to begin.
    #[must_use]
    pub fn url(&self) -> String {
        let each = self.0.iter().map(|node| format!("127.0.0.1:{}", node.port()));
        format!("redis+cluster://{}", each.collect::<Vec<_>>().join(","))
    }

    /// Its servers alone.
    #[must_use]
    pub fn into_nodes(self) -> Vec<Server> {
        self.0
    }

    /// Its servers.
    pub fn nodes(&mut self) -> &mut [Server] {
        &mut self.0
    }
}
