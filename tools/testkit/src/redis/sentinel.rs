//! A master with a replica, and three sentinels.

use super::Server;
use crate::ports::free_port;

/// A master, a replica and three sentinels that agree within about two seconds on a failover.
pub struct Sentinel {
    master: Server,
    replica: Server,
    sentinels: Vec<Server>,
}

impl Sentinel {
    /// All of them, ready for a failover.
    ///
    /// # Panics
    /// If Redis is not installed or they do not find each other.
    #[must_use]
    pub fn start() -> Self {
        let master = Server::start();
        let port = master.port().to_string();
        let replica = Server::with(&["--replicaof", "127.0.0.1", &port]);
        replica.wait_for(|replica| replica.cli(&["INFO", "replication"]).contains(":up"));
        let sentinels: Vec<Server> = (0..3).map(|_| sentinel(&port)).collect();
        for one in &sentinels {
            one.wait_for(|one| {
                let words = one.cli(&["SENTINEL", "MASTER", "mymaster"]);
                let lines: Vec<&str> = words.lines().collect();
                let is = |name, value| lines.windows(2).any(|two| two == [name, value]);
                is("num-other-sentinels", "2") && is("num-slaves", "1")
            });
        }
        Self { master, replica, sentinels }
    }

    /// The address of the master, by way of the sentinels.
    #[must_use]
    pub fn url(&self) -> String {
        let each = self.sentinels.iter().map(|one| format!("127.0.0.1:{}", one.port()));
        format!("redis+sentinel://{}/mymaster", each.collect::<Vec<_>>().join(","))
    }

    /// The first master.
    pub fn master(&mut self) -> &mut Server {
        &mut self.master
    }

    /// The first replica.
    pub fn replica(&mut self) -> &mut Server {
        &mut self.replica
    }
}

fn sentinel(master: &str) -> Server {
    let lines = format!(
        "sentinel monitor mymaster 127.0.0.1 {master} 2\n\
         sentinel down-after-milliseconds mymaster 1000\n\
         sentinel failover-timeout mymaster 5000\n"
    );
    Server::made_of(free_port(), &lines, &["--sentinel"])
}
