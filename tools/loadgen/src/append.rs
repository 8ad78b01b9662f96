//! What a message costs PostgreSQL at a fixed rate, beside one INSERT per message.
//!
//! A PostgreSQL that is as durable as in production, a Redis and a node; people in chats of two,
//! all of whom write, so that all together come to the rate. In turn with that, in the same
//! database, PostgreSQL's own `pgbench`: eight clients that insert as many rows into a table with
//! a message's columns and one index, each in a transaction of its own. What is counted is the CPU
//! time of all of PostgreSQL's processes; so a node's other questions count against it.

use std::path::Path;

use anyhow::{Context, Result};
use hdrhistogram::Histogram;
use zvon_testkit::postgres::{Cluster, Disk};
use zvon_testkit::redis::Server as Redis;

use crate::rest::{self, Person};
use crate::seed::Hall;
use crate::sends;
use crate::server::{Server, Watch, place, spent_by};

/// Clients that insert.
const CLIENTS: u32 = 8;
const TABLE: &str = "CREATE TABLE plain (LIKE events, PRIMARY KEY (chat_id, seq))";
const INSERT: &str = "INSERT INTO plain (chat_id, seq, msg_no, at, kind, actor, id, content) \
    VALUES (gen_random_uuid(), 1, 1, 1700000000000, 1, gen_random_uuid(), gen_random_uuid(), \
    'message 1: the quick brown fox jumps over the lazy dog, and the dog does not mind it')";

/// How thoroughly.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Options {
    /// Messages a second.
    #[arg(long, default_value_t = 2000.0)]
    rate: f64,
    /// Over how many chats; several with commas between.
    #[arg(long, value_delimiter = ',', default_values_t = [50, 1000])]
    chats: Vec<usize>,
    /// How many turns each has.
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// How long one is.
    #[arg(long, default_value_t = 6)]
    seconds: u64,
}

/// Measures and prints, each turn and the medians.
pub(crate) async fn run(zvon: &Path, options: &Options) -> Result<()> {
    let (postgres, redis, data) = (Cluster::start(Disk::Synced), Redis::start(), place()?);
    let database = postgres.create_database(None);
    let (url, redis_url) = (postgres.url(&database), redis.url());
    let variables = [
        ("DATABASE_URL", url.as_str()),
        ("REDIS_URL", redis_url.as_str()),
        ("ZVON_CLUSTER__KEY", "a key that the nodes of this run share"),
        ("ZVON_CLUSTER__INTERNAL_LISTEN", "127.0.0.1:0"),
        ("ZVON_LIMITS__SOCKET_EVENTS_PER_MINUTE", "0"),
        ("ZVON_LIMITS__CONNECTIONS_PER_ADDRESS", "0"),
        ("ZVON_LIMITS__CONNECTIONS_PER_USER", "0"),
    ];
    let node = Server::start_with(zvon, data.path(), &variables).await?;
    postgres.sql(&database, TABLE);
    for chats in &options.chats {
        let people = rest::sign_up(node.address(), *chats).await?;
        let halls = sends::open_halls(node.address(), &people, *chats).await?;
        postgres.sql(&database, "VACUUM ANALYZE");
        postgres.sql(&database, "CHECKPOINT");
        let mut ratios = Vec::new();
        for _ in 0..options.rounds {
            let plain = insert(&postgres, &database, options);
            let ours = send(&node, &postgres, (&people, &halls), options).await?;
            println!("{chats:>5} chats: {plain:.0} us an INSERT; {ours}");
            ratios.push(ours.postgres / plain);
        }
        ratios.sort_by(f64::total_cmp);
        let median = ratios.get(ratios.len() / 2).context("no turns")?;
        println!("{chats:>5} chats: a message costs {median:.2} of an INSERT (median)");
    }
    node.stop().await
}

/// What an INSERT costs, in microseconds.
fn insert(postgres: &Cluster, database: &str, options: &Options) -> f64 {
    let before = spent_by(postgres.pid());
    let rate = postgres.paced(database, INSERT, CLIENTS, options.rate, options.seconds);
    (spent_by(postgres.pid()) - before) * 1e6 / (rate * options.seconds as f64)
}

/// What messages came to; microseconds of CPU for each.
struct Cost {
    rate: f64,
    postgres: f64,
    node: f64,
    latency: Histogram<u64>,
}

async fn send(
    node: &Server,
    postgres: &Cluster,
    (people, halls): (&[Person], &[Hall]),
    options: &Options,
) -> Result<Cost> {
    let address = node.address();
    let load = sends::Options {
        seconds: options.seconds as f64,
        rate: Some(options.rate),
        ..sends::Options::default()
    };
    let writers = sends::gather(|_| address, people, (halls, people.len()), &load).await?;
    let (watch, server): (Watch, u32) = (node.watch(), postgres.pid());
    let look = || Ok((watch.account()?.cpu, spent_by(server)));
    let (outcomes, before, after) = sends::drive(writers, &load, &look).await?;
    let mut latency = Histogram::<u64>::new(3)?;
    for outcome in &outcomes {
        latency.add(&outcome.latency)?;
    }
    let each = |seconds: f64| seconds * 1e6 / latency.len().max(1) as f64;
    Ok(Cost {
        rate: latency.len() as f64 / load.seconds,
        postgres: each(after.1 - before.1),
        node: each(after.0 - before.0),
        latency,
    })
}

impl std::fmt::Display for Cost {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let within = |part| self.latency.value_at_quantile(part) as f64 / 1000.0;
        write!(
            f,
            "{:.0} messages/s, ack p50 {:.1} p99 {:.1} ms: PostgreSQL {:.0} us a message, node {:.0}",
            self.rate,
            within(0.5),
            within(0.99),
            self.postgres,
            self.node
        )
    }
}
