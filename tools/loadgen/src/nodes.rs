//! Two nodes: everybody who writes is on one, everybody who hears them on the other.
//!
//! A PostgreSQL that is as durable as in production, a Redis, two nodes, and a thousand people in
//! rooms of 2, 100 and 1000. Each message is committed, told over Redis and handed out by the
//! other node; each delivery is checked. CPU is the kernel's account of the processes.

use std::fmt;
use std::net::SocketAddr;
use std::path::Path;

use anyhow::Result;
use hdrhistogram::Histogram;
use zvon_testkit::postgres::{Cluster, Disk};
use zvon_testkit::redis::Server as Redis;

use crate::rest::{self, Person};
use crate::sends;
use crate::server::{Server, Watch, place, spent_by};

/// How thoroughly.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Options {
    /// How many people there are.
    #[arg(long, default_value_t = 1000)]
    people: usize,
    /// How many people a room has; several with commas between.
    #[arg(long, value_delimiter = ',', default_values_t = [2, 100, 1000])]
    rooms: Vec<usize>,
    /// How long each is measured.
    #[arg(long, default_value_t = 5.0)]
    seconds: f64,
}

/// What all of them have used so far, in seconds.
#[derive(Clone, Copy)]
struct Spent {
    nodes: f64,
    postgres: f64,
    redis: f64,
}

/// What one size of rooms came to.
struct Line {
    room: usize,
    seconds: f64,
    acked: u64,
    heard: u64,
    latency: Histogram<u64>,
    spent: Spent,
}

/// Measures every size and prints a line of each.
pub(crate) async fn run(zvon: &Path, options: &Options) -> Result<()> {
    let (postgres, redis, data) = (Cluster::start(Disk::Synced), Redis::start(), place()?);
    let (database, redis_url) = (postgres.url(&postgres.create_database(None)), redis.url());
    let variables = [
        ("DATABASE_URL", database.as_str()),
        ("REDIS_URL", redis_url.as_str()),
        ("ZVON_CLUSTER__KEY", "a key that the nodes of this run share"),
        ("ZVON_CLUSTER__INTERNAL_LISTEN", "127.0.0.1:0"),
        ("ZVON_CHAT__GROUP_MAX", "100000"),
        ("ZVON_LIMITS__SOCKET_EVENTS_PER_MINUTE", "0"),
        ("ZVON_LIMITS__CONNECTIONS_PER_ADDRESS", "0"),
        ("ZVON_LIMITS__CONNECTIONS_PER_USER", "0"),
    ];
    let one = Server::start_with(zvon, data.path(), &variables).await?;
    let other = Server::start_with(zvon, data.path(), &variables).await?;
    let people = rest::sign_up(one.address(), options.people).await?;
    let watches = [one.watch(), other.watch()];
    let spent = || spent(watches, postgres.pid(), redis.pid());
    for room in &options.rooms {
        let at = (one.address(), other.address());
        println!("{}", measure(at, &people, *room, options, &spent).await?);
    }
    one.stop().await?;
    other.stop().await
}

fn spent(nodes: [Watch; 2], postgres: u32, redis: u32) -> Result<Spent> {
    let mut all = 0.0;
    for node in nodes {
        all += node.account()?.cpu;
    }
    Ok(Spent { nodes: all, postgres: spent_by(postgres), redis: spent_by(redis) })
}

async fn measure(
    (one, other): (SocketAddr, SocketAddr),
    people: &[Person],
    room: usize,
    options: &Options,
    spent: &impl Fn() -> Result<Spent>,
) -> Result<Line> {
    // The first people are in a room each, and write; the others hear them.
    let rooms = people.len() / room;
    let people = &people[..rooms * room];
    let halls = sends::open_halls(one, people, rooms).await?;
    let load = sends::Options {
        seconds: options.seconds,
        outstanding: outstanding(room).div_ceil(rooms),
        ..sends::Options::default()
    };
    let places = |person| if person < rooms { one } else { other };
    let writers = sends::gather(places, people, (&halls, rooms), &load).await?;
    let (outcomes, before, after) = sends::drive(writers, &load, spent).await?;
    let mut latency = Histogram::<u64>::new(3)?;
    for outcome in &outcomes {
        latency.add(&outcome.latency)?;
    }
    Ok(Line {
        room,
        seconds: options.seconds,
        acked: latency.len(),
        heard: outcomes.iter().map(|outcome| outcome.heard_in_time).sum(),
        latency,
        spent: Spent {
            nodes: after.nodes - before.nodes,
            postgres: after.postgres - before.postgres,
            redis: after.redis - before.redis,
        },
    })
}

/// How many sends may be without an answer, in all rooms together: fewer where each is a crowd's.
fn outstanding(room: usize) -> usize {
    (640 / room).clamp(4, 64)
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let per_message = |seconds: f64| seconds * 1e6 / self.acked.max(1) as f64;
        let within = |part| self.latency.value_at_quantile(part) as f64 / 1000.0;
        write!(
            f,
            "rooms of {:>4}: {:>6.0} sends/s, {:>7.0} deliveries/s, ack p50 {:.1} p99 {:.1} ms; \
             both nodes {:.2} s of CPU per 100 000 deliveries; per message PostgreSQL {:.0} us, \
             Redis {:.0} us, nodes {:.0} us",
            self.room,
            self.acked as f64 / self.seconds,
            self.heard as f64 / self.seconds,
            within(0.5),
            within(0.99),
            self.spent.nodes * 1e5 / self.heard.max(1) as f64,
            per_message(self.spent.postgres),
            per_message(self.spent.redis),
            per_message(self.spent.nodes),
        )
    }
}
