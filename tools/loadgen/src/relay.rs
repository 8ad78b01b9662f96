//! What the relay to Kafka costs the nodes that send.
//!
//! A PostgreSQL that is as durable as in production, a Redis, a Kafka, and two nodes: the first holds
//! the relay's lease, on the second people write at a fixed rate. In turn with that, the same
//! without Kafka. Jobs are off in both: they are no part of the relay. What the relay itself uses is
//! what the first node uses more with Kafka.

use std::path::Path;
use std::time::Duration;

use anyhow::Result;
use zvon_testkit::kafka::Broker;
use zvon_testkit::postgres::{Cluster, Disk};
use zvon_testkit::redis::Server as Redis;

use crate::bench::median;
use crate::rest;
use crate::sends;
use crate::server::{Server, place, spent_by};

/// How much more a message may cost the node that takes it.
const GOAL: f64 = 1.02;
/// In which the first node takes the lease, makes the topics and gets going.
const SETTLED: Duration = Duration::from_secs(5);

/// How thoroughly.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Options {
    /// Messages a second.
    #[arg(long, default_value_t = 3000.0)]
    rate: f64,
    /// How many turns each has.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// How long one is.
    #[arg(long, default_value_t = 12.0)]
    seconds: f64,
}

/// Microseconds of CPU for each message.
#[derive(Clone, Copy)]
struct Cost {
    /// Of the node that takes it.
    sends: f64,
    /// Of the node that has the relay.
    relays: f64,
    postgres: f64,
}

/// Measures and prints the medians.
pub(crate) async fn run(zvon: &Path, options: &Options) -> Result<()> {
    let (postgres, kafka) = (Cluster::start(Disk::Synced), Broker::start());
    let (mut without, mut with) = (Vec::new(), Vec::new());
    for _ in 0..options.rounds {
        without.push(measure(zvon, &postgres, "", options).await?);
        with.push(measure(zvon, &postgres, &kafka.address(), options).await?);
    }
    let of = |costs: &[Cost], part: fn(&Cost) -> f64| median(costs.iter().map(part).collect());
    let line = |name, part: fn(&Cost) -> f64| {
        println!("{name:<28}{:>7.1} -> {:>6.1} us a message", of(&without, part), of(&with, part));
    };
    println!(
        "{} messages/s, medians of {} turns without and with Kafka",
        options.rate, options.rounds
    );
    line("node that takes messages", |cost| cost.sends);
    line("node that has the relay", |cost| cost.relays);
    line("PostgreSQL", |cost| cost.postgres);
    let ratio = of(&with, |cost| cost.sends) / of(&without, |cost| cost.sends);
    let verdict = if ratio <= GOAL { "met" } else { "MISSED" };
    println!("the relay costs who sends x{ratio:.3} (<= {GOAL} {verdict})");
    Ok(())
}

async fn measure(
    zvon: &Path,
    postgres: &Cluster,
    brokers: &str,
    options: &Options,
) -> Result<Cost> {
    let (redis, data) = (Redis::start(), place()?);
    let (url, redis_url) = (postgres.url(&postgres.create_database(None)), redis.url());
    let variables = [
        ("DATABASE_URL", url.as_str()),
        ("REDIS_URL", redis_url.as_str()),
        ("KAFKA_BROKERS", brokers),
        ("ZVON_JOBS__IN_PROCESS", "false"),
        ("ZVON_CLUSTER__KEY", "a key that the nodes of this run share"),
        ("ZVON_CLUSTER__INTERNAL_LISTEN", "127.0.0.1:0"),
        ("ZVON_LIMITS__SOCKET_EVENTS_PER_MINUTE", "0"),
        ("ZVON_LIMITS__CONNECTIONS_PER_ADDRESS", "0"),
        ("ZVON_LIMITS__CONNECTIONS_PER_USER", "0"),
    ];
    let relays = Server::start_with(zvon, data.path(), &variables).await?;
    tokio::time::sleep(SETTLED).await;
    let sends = Server::start_with(zvon, data.path(), &variables).await?;
    let load = sends::Options {
        seconds: options.seconds,
        rate: Some(options.rate),
        ..sends::Options::default()
    };
    let address = sends.address();
    let people = rest::sign_up(address, load.writers).await?;
    let halls = sends::open_halls(address, &people, load.chats).await?;
    let writers = sends::gather(|_| address, &people, (&halls, people.len()), &load).await?;
    let (one, other, database) = (sends.watch(), relays.watch(), postgres.pid());
    let look = || Ok([one.account()?.cpu, other.account()?.cpu, spent_by(database)]);
    let (outcomes, before, after) = sends::drive(writers, &load, &look).await?;
    let messages: u64 = outcomes.iter().map(|outcome| outcome.latency.len()).sum();
    let [sent, relayed, stored] =
        std::array::from_fn(|at| (after[at] - before[at]) * 1e6 / messages.max(1) as f64);
    sends.stop().await?;
    relays.stop().await?;
    Ok(Cost { sends: sent, relays: relayed, postgres: stored })
}
