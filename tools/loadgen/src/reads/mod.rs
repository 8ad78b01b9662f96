//! What the cache is worth: two nodes on a real PostgreSQL and Redis, the same day-like mix with the
//! cache and without, PostgreSQL counting its statements; then single operations, each beside a
//! bare PING of Redis in the same run.
//!
//! Both runs begin with an equal database and nothing in Redis, and do the same in the same order,
//! by the same dice. What nodes ask by themselves (the outbox, ends of sessions) is counted apart:
//! it does not depend on what people read.

mod day;
mod http;
mod quiet;
mod scene;
mod single;

use std::fmt;
use std::path::Path;
use std::time::Instant;

use anyhow::Result;
use zvon_testkit::postgres::{Cluster, Disk};
use zvon_testkit::redis::Server as Redis;

use crate::server::{Server, place, spent_by};
use scene::Scene;

/// The key of the nodes of a run.
const KEY: &str = "a key that the nodes of this run share";

/// The statements that were made most often.
const MOST: &str = "SELECT calls, left(regexp_replace(query, '\\s+', ' ', 'g'), 110) \
    FROM pg_stat_statements WHERE query !~ 'pg_' ORDER BY calls DESC LIMIT 16";

/// How thoroughly.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Options {
    /// How many people there are.
    #[arg(long, default_value_t = 200)]
    people: usize,
    /// How many of them open the client, some more than once.
    #[arg(long, default_value_t = 600)]
    visits: usize,
    /// Show which statements they came to.
    #[arg(long)]
    statements: bool,
    /// How often each single operation is measured.
    #[arg(long, default_value_t = 5000)]
    times: usize,
}

/// Measures and prints.
pub(crate) async fn run(zvon: &Path, options: &Options) -> Result<()> {
    let postgres = Cluster::start(Disk::Synced);
    postgres.count_statements();
    let without = mix(zvon, &postgres, options, false).await?;
    println!("without the cache: {without}");
    let with = mix(zvon, &postgres, options, true).await?;
    println!("with the cache:    {with}");
    let less = 100.0 * (1.0 - with.reads as f64 / without.reads.max(1) as f64);
    let verdict = if less >= 80.0 { "" } else { ", MISSED" };
    println!("{less:.1} % fewer reads of PostgreSQL (goal: 80{verdict})");
    single::run(&postgres, options.times).await
}

/// What a mix came to.
struct Mix {
    requests: u64,
    reads: u64,
    background: u64,
    seconds: f64,
    postgres: f64,
    redis: f64,
    nodes: f64,
}

async fn mix(zvon: &Path, postgres: &Cluster, options: &Options, cached: bool) -> Result<Mix> {
    let (redis, data) = (Redis::start(), place()?);
    let database = postgres.create_database(None);
    let (url, redis_url) = (postgres.url(&database), redis.url());
    let scene = Scene::build(&url, options.people).await?;
    postgres.sql(&database, "VACUUM ANALYZE");
    let variables = [
        ("DATABASE_URL", url.as_str()),
        ("REDIS_URL", redis_url.as_str()),
        ("ZVON_CLUSTER__KEY", KEY),
        ("ZVON_CLUSTER__INTERNAL_LISTEN", "127.0.0.1:0"),
        ("ZVON_CACHE__ENABLED", if cached { "true" } else { "false" }),
        ("ZVON_LIMITS__SOCKET_EVENTS_PER_MINUTE", "0"),
        ("ZVON_LIMITS__CONNECTIONS_PER_ADDRESS", "0"),
        ("ZVON_LIMITS__CONNECTIONS_PER_USER", "0"),
    ];
    let one = Server::start_with(zvon, data.path(), &variables).await?;
    let other = Server::start_with(zvon, data.path(), &variables).await?;
    let spent = || -> Result<[f64; 3]> {
        let nodes = one.account()?.cpu + other.account()?.cpu;
        Ok([spent_by(postgres.pid()), spent_by(redis.pid()), nodes])
    };
    postgres.sql(&database, "SELECT pg_stat_statements_reset()");
    let (begun, before) = (Instant::now(), spent()?);
    let requests = day::run([one.address(), other.address()], &scene, options.visits).await?;
    let (seconds, after) = (begun.elapsed().as_secs_f64(), spent()?);
    let (reads, background) = counted(postgres, &database)?;
    if options.statements {
        println!("{}", postgres.sql(&database, MOST));
    }
    one.stop().await?;
    other.stop().await?;
    let [postgres, redis, nodes] = [0, 1, 2].map(|index| after[index] - before[index]);
    Ok(Mix { requests, reads, background, seconds, postgres, redis, nodes })
}

/// Statements that read: for people, and by the nodes themselves.
fn counted(postgres: &Cluster, database: &str) -> Result<(u64, u64)> {
    let count = |own: &str| -> Result<u64> {
        let sql = format!(
            "SELECT coalesce(sum(calls), 0) FROM pg_stat_statements \
             WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database()) \
             AND query ~* '^\\s*(select|with)' AND query !~ '(_v[0-9]+\\(|for (no key )?update)' \
             AND query !~ 'pg_' AND query {own} '(outbox|revoked_at >=|FROM meta)'"
        );
        Ok(postgres.sql(database, &sql).parse()?)
    };
    Ok((count("!~")?, count("~")?))
}

impl fmt::Display for Mix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} requests in {:.1} s, {} reads of PostgreSQL ({:.2} each), {} by the nodes \
             themselves; CPU per request: PostgreSQL {:.0} us, Redis {:.0} us, nodes {:.0} us",
            self.requests,
            self.seconds,
            self.reads,
            self.reads as f64 / self.requests.max(1) as f64,
            self.background,
            self.postgres * 1e6 / self.requests.max(1) as f64,
            self.redis * 1e6 / self.requests.max(1) as f64,
            self.nodes * 1e6 / self.requests.max(1) as f64,
        )
    }
}
