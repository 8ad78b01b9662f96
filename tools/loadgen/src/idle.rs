//! What a connection costs that is signed in and silent.

use std::collections::VecDeque;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;
use std::time::Duration;

use anyhow::{Result, ensure};
use tokio::task::JoinSet;

use crate::client::{Client, Heard, hear};
use crate::rest::Person;
use crate::seed::Seed;
use crate::server::{Server, place};

/// How many connect at the same time.
const AT_ONCE: usize = 64;
/// How many source addresses they come from.
const SOURCES: usize = 50;

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
    let mut silent = connect(server.address(), &people, options.connections).await?;
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

async fn connect(
    server: SocketAddr,
    people: &[Person],
    count: usize,
) -> Result<JoinSet<Result<()>>> {
    let mut silent = JoinSet::new();
    let mut coming = JoinSet::new();
    let mut next: VecDeque<usize> = (0..count).collect();
    while !next.is_empty() || !coming.is_empty() {
        while coming.len() < AT_ONCE
            && let Some(index) = next.pop_front()
        {
            let person = people[index % people.len()].clone();
            coming.spawn(async move { Client::connect(server, source(index), &person).await });
        }
        if let Some(client) = coming.join_next().await {
            silent.spawn(stay(client??));
        }
    }
    Ok(silent)
}

/// Answers heartbeats until it is dropped.
async fn stay(mut client: Client) -> Result<()> {
    loop {
        let mut pings = 0;
        client.wire.frames(|frame| {
            pings += u32::from(matches!(hear(frame), Heard::Ping));
            Ok(())
        })?;
        for _ in 0..pings {
            client.pong().await?;
        }
        client.wire.doze().await?;
    }
}

fn source(index: usize) -> SocketAddr {
    let last = u8::try_from(index % SOURCES + 1).unwrap_or(1);
    SocketAddr::new(IpAddr::V4(Ipv4Addr::new(127, 0, 1, last)), 0)
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
