//! A cluster of three masters, one of which may have a replica.

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
        Self::of(3)
    }

    /// The same with a fourth server, which takes the place of the first when that is gone for two
    /// seconds.
    ///
    /// # Panics
    /// As [`Self::start`].
    #[must_use]
    pub fn with_replica() -> Self {
        let cluster = Self::of(4);
        let [first, .., replica] = &*cluster.0 else { unreachable!("there are four") };
        replica.cli(&["CLUSTER", "REPLICATE", &first.cli(&["CLUSTER", "MYID"])]);
        let id = replica.cli(&["CLUSTER", "MYID"]);
        for node in &cluster.0 {
            // It is named once it has followed for a moment.
            node.wait_for(|node| node.cli(&["CLUSTER", "SLOTS"]).contains(&id));
        }
        cluster
    }

    fn of(count: usize) -> Self {
        let options = [
            "--cluster-enabled",
            "yes",
            "--cluster-node-timeout",
            "2000",
            "--cluster-require-full-coverage",
            "no",
            "--repl-ping-replica-period",
            "1",
        ];
        let nodes: Vec<Server> = (0..count).map(|_| Server::at(free_pair(), &options)).collect();
        let slots = [("0", "5460"), ("5461", "10922"), ("10923", "16383")];
        let first = nodes[0].port().to_string();
        for (index, node) in nodes.iter().enumerate() {
            if let Some((from, to)) = slots.get(index) {
                node.cli(&["CLUSTER", "ADDSLOTSRANGE", from, to]);
            }
            node.cli(&["CLUSTER", "SET-CONFIG-EPOCH", &(index + 1).to_string()]);
            node.cli(&["CLUSTER", "MEET", "127.0.0.1", &first]);
        }
        for node in &nodes {
            node.wait_for(|node| {
                let info = node.cli(&["CLUSTER", "INFO"]);
                let known = format!("cluster_known_nodes:{count}");
                info.contains("cluster_state:ok") && info.contains(&known)
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

    /// The slot of a key or a channel.
    ///
    /// # Panics
    /// If the first server does not say.
    #[must_use]
    pub fn slot(&self, name: &str) -> u16 {
        self.0[0].cli(&["CLUSTER", "KEYSLOT", name]).parse().expect("a number")
    }

    /// Gives a slot without keys from one server to another, as `redis-cli --cluster reshard` does.
    ///
    /// # Panics
    /// If they refuse.
    pub fn hand_over(&self, slot: u16, from: usize, to: usize) {
        let slot = slot.to_string();
        let id = |node: usize| self.0[node].cli(&["CLUSTER", "MYID"]);
        let (source, target) = (id(from), id(to));
        let set = |node: usize, state: &str, id: &str| {
            let answer = self.0[node].cli(&["CLUSTER", "SETSLOT", &slot, state, id]);
            assert_eq!(answer, "OK", "slot {slot}");
        };
        set(to, "IMPORTING", &source);
        set(from, "MIGRATING", &target);
        set(to, "NODE", &target);
        set(from, "NODE", &target);
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
