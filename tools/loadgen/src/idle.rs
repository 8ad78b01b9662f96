//! What a connection costs that is signed in and silent.

use std::fmt;
use std::path::Path;
use std::time::Duration;

use anyhow::{Result, ensure};

use crate::seed::Seed;
use crate::server::{Server, place};
use crate::silent;

/// How many, and whose.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Options {
    /// How many connections.
    #[arg(long, default_value_t = 10_000)]
    pub(crate) connections: usize,
    /// Of how many people.
    #[arg(long, default_value_t = 10_000)]
    pub(crate) accounts: usize,
    /// How long they are silent (but for heartbeats) before they are weighed.
    #[arg(long, default_value_t = 25.0)]
    pub(crate) quiet: f64,
}

/// What they weigh.
pub(crate) struct Figures {
    connections: usize,
    accounts: usize,
    before: u64,
    after: u64,
    cpu: f64,
}

/// Connects them and weighs the server before and after.
pub(crate) async fn run(zvon: &Path, options: &Options) -> Result<Figures> {
    let data = place()?;
    let mut seed = Seed::open(data.path()).await?;
    seed.people(options.accounts).await?;
    let people = seed.close().await;
    let server = Server::start(zvon, data.path()).await?;
    let before = server.account()?;
    let whose = |index: usize| (server.address(), people[index % people.len()].clone());
    let mut silent = silent::connect(0..options.connections, whose).await?;
    let half = Duration::from_secs_f64(options.quiet / 2.0);
    tokio::time::sleep(half).await;
    let calm = server.account()?;
    tokio::time::sleep(half).await;
    let after = server.account()?;
    if let Some(ended) = silent.try_join_next() {
        ended??;
    }
    ensure!(silent.len() == options.connections, "connections were lost");
    silent.shutdown().await;
    server.stop().await?;
    Ok(Figures {
        connections: options.connections,
        accounts: options.accounts,
        before: before.resident,
        after: after.resident,
        cpu: (after.cpu - calm.cpu) / half.as_secs_f64(),
    })
}

impl Figures {
    /// Resident bytes of the server per connection.
    pub(crate) fn each(&self) -> f64 {
        self.after.saturating_sub(self.before) as f64 / self.connections as f64
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mib = |bytes: u64| bytes as f64 / f64::from(1 << 20);
        writeln!(f, "connections  {:>8} of {} people", self.connections, self.accounts)?;
        writeln!(f, "resident     {:>8.1} MiB, before {:.1}", mib(self.after), mib(self.before))?;
        writeln!(f, "each         {:>8.0} bytes", self.each())?;
        write!(f, "server CPU   {:>8.1} % of a core", self.cpu * 100.0)
    }
}
