//! A crowd: a hundred thousand connections, signed in and silent, over six nodes.
//!
//! A PostgreSQL, a Redis and the nodes are real processes here, and so are the parts of the crowd.
//! Each person has several connections, which the nodes take in turn, so everybody is on more than
//! one; and a chat with each of two others. When all are connected and have been silent for a
//! while, CPU and memory are read from the kernel. Then presence is asked for on all nodes; a part
//! of the crowd is killed, and asked for again: those are gone whose connections were all there,
//! nobody else is. The same number of connections for each node is measured on one node alone.

pub(crate) mod part;
mod watch;

use std::fmt;
use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use zvon_store::postgres::{Postgres, Settings};
use zvon_testkit::postgres::{Cluster, Disk};
use zvon_testkit::redis::Server as Redis;

use crate::rest::Person;
use crate::seed::Seed;
use crate::server::{Account, Server, place, spent_by};
use part::Part;

/// How many people are asked whom they see.
const WATCHERS: usize = 120;

/// How many.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Options {
    /// Connections, of all nodes together.
    #[arg(long, default_value_t = 100_000)]
    connections: usize,
    /// Nodes.
    #[arg(long, default_value_t = 6)]
    nodes: usize,
    /// Connections of each person.
    #[arg(long, default_value_t = 10)]
    each: usize,
    /// How long they are silent, but for heartbeats, before and while they are weighed.
    #[arg(long, default_value_t = 30.0)]
    quiet: f64,
}

/// What a crowd came to.
struct Figures {
    nodes: usize,
    connections: usize,
    people: usize,
    came_in: Duration,
    handshakes: f64,
    each: f64,
    idle: [f64; 3],
    redis: u64,
    seen: Duration,
    gone: Duration,
}

/// Measures one node with its share, then all of them, and prints both.
pub(crate) async fn run(zvon: &Path, options: &Options) -> Result<()> {
    for nodes in [1, options.nodes] {
        println!("{}", measure(zvon, options, nodes).await?);
    }
    Ok(())
}

async fn measure(zvon: &Path, options: &Options, nodes: usize) -> Result<Figures> {
    let (postgres, redis, data) = (Cluster::start(Disk::Synced), Redis::start(), place()?);
    let database = postgres.url(&postgres.create_database(None));
    // One part of the crowd for each node, of people who are in no other.
    let share = options.connections.div_ceil(options.nodes * options.each) * options.each;
    let connections = share * nodes;
    let people = seed(&database, connections / options.each).await?;
    let noted = data.path().join("people");
    part::write(&people, &noted)?;
    let servers = start(zvon, data.path(), &database, &redis.url(), nodes).await?;
    let places: Vec<SocketAddr> = servers.iter().map(Server::address).collect();
    let (before, bytes) = (accounts(&servers)?, used(&redis)?);

    let begun = Instant::now();
    let parts = part::Options::split(connections, nodes, (&noted, options.each), &places);
    let mut parts = parts.iter().map(Part::start).collect::<Result<Vec<_>>>()?;
    for part in &mut parts {
        part.connected().await?;
    }
    let came_in = begun.elapsed();
    let there = accounts(&servers)?;
    tokio::time::sleep(Duration::from_secs_f64(options.quiet)).await;
    let spent = |servers: &[Server]| -> Result<[f64; 3]> {
        Ok([accounts(servers)?.cpu, spent_by(postgres.pid()), spent_by(redis.pid())])
    };
    let calm = spent(&servers)?;
    tokio::time::sleep(Duration::from_secs_f64(options.quiet)).await;
    let (after, weight) = (spent(&servers)?, accounts(&servers)?.resident);
    let redis_bytes = used(&redis)?;

    let watchers: Vec<usize> =
        (0..WATCHERS).map(|watcher| watcher * people.len() / WATCHERS).collect();
    let seen = watch::all_seen(&places, &people, &watchers, |_| true).await?;
    let last = parts.pop().context("no parts")?;
    last.kill().await?;
    let first_gone = connections - share;
    let stays = |person: usize| person < part::person(first_gone, options.each);
    // Who is asked is online by asking: only those who stay are.
    let watchers: Vec<usize> = watchers.into_iter().filter(|watcher| stays(*watcher)).collect();
    let edge = [0, part::person(first_gone, options.each).saturating_sub(1)];
    let asked: &[usize] = if nodes == 1 { &[] } else { &edge };
    let watchers = [asked, &watchers].concat();
    let gone = watch::all_seen(&places, &people, &watchers, stays).await?;
    for part in &mut parts {
        ensure!(part.stays()?, "connections were lost");
    }
    drop(parts);
    for server in servers {
        server.stop().await?;
    }
    let idle = [0, 1, 2].map(|of| (after[of] - calm[of]) / options.quiet);
    Ok(Figures {
        nodes,
        connections,
        people: people.len(),
        came_in,
        handshakes: connections as f64 / (there.cpu - before.cpu),
        each: weight.saturating_sub(before.resident) as f64 / connections as f64,
        idle,
        redis: redis_bytes.saturating_sub(bytes),
        seen,
        gone,
    })
}

/// People in a ring, each with a chat with the next.
async fn seed(database: &str, count: usize) -> Result<Vec<Person>> {
    let url = database.to_owned();
    let settings = Settings { url, send: 2, read: 2, rest: 2, pooled: false };
    let store = Postgres::open(&settings).await?;
    let mut seed = Seed::of(store.clone());
    seed.people(count).await?;
    seed.halls().await?;
    let people = seed.everybody().iter().map(|(person, _)| person.clone()).collect();
    store.close().await;
    Ok(people)
}

async fn start(
    zvon: &Path,
    data: &Path,
    database: &str,
    redis: &str,
    nodes: usize,
) -> Result<Vec<Server>> {
    let variables = [
        ("DATABASE_URL", database),
        ("REDIS_URL", redis),
        ("ZVON_CLUSTER__KEY", "a key that the nodes of this run share"),
        ("ZVON_CLUSTER__INTERNAL_LISTEN", "127.0.0.1:0"),
        ("ZVON_PRESENCE__AUDIENCE", "co-members"),
        ("ZVON_LIMITS__SOCKET_EVENTS_PER_MINUTE", "0"),
        ("ZVON_LIMITS__CONNECTIONS_PER_ADDRESS", "0"),
        ("ZVON_LIMITS__CONNECTIONS_PER_USER", "0"),
    ];
    let mut servers = Vec::new();
    for _ in 0..nodes {
        servers.push(Server::start_with(zvon, data, &variables).await?);
    }
    Ok(servers)
}

/// All nodes together.
fn accounts(servers: &[Server]) -> Result<Account> {
    let mut all = Account { cpu: 0.0, resident: 0 };
    for server in servers {
        let one = server.account()?;
        all.cpu += one.cpu;
        all.resident += one.resident;
    }
    Ok(all)
}

/// Bytes that Redis uses.
fn used(redis: &Redis) -> Result<u64> {
    let info = redis.cli(&["info", "memory"]);
    let line = info.lines().find_map(|line| line.strip_prefix("used_memory:"));
    Ok(line.context("no used_memory")?.trim().parse()?)
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [nodes, postgres, redis] = self.idle.map(|share| share * 100.0);
        writeln!(
            f,
            "{} node(s), {} connections of {} people",
            self.nodes, self.connections, self.people
        )?;
        writeln!(f, "  resident        {:>8.0} bytes each", self.each)?;
        writeln!(
            f,
            "  Redis           {:>8.0} bytes each",
            self.redis as f64 / self.connections as f64
        )?;
        writeln!(
            f,
            "  handshakes      {:>8.0} for a second of the nodes' CPU; all in {:.0} s",
            self.handshakes,
            self.came_in.as_secs_f64()
        )?;
        writeln!(
            f,
            "  CPU when idle   {nodes:>8.1} % of a core, PostgreSQL {postgres:.1} %, Redis {redis:.1} %"
        )?;
        write!(
            f,
            "  presence right  {:>8.1} s after the first question; {:.1} s after a part was killed",
            self.seen.as_secs_f64(),
            self.gone.as_secs_f64()
        )
    }
}
