//! What single reads take: a node's use cases in this process, on a real PostgreSQL and Redis, one
//! after the other, beside a bare PING of the same Redis over a connection of its own.
//!
//! Time is what the caller waits; CPU is the kernel's account of this process (a node's share), of
//! Redis and of PostgreSQL. Operations take turns, so that all meet the same moments of the machine.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use hdrhistogram::Histogram;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use zvon_backplane::cache::{NearCache, RedisCache, Seal};
use zvon_backplane::limiter::RedisLimiter;
use zvon_backplane::node::RedisNodes;
use zvon_backplane::presence::RedisPresence;
use zvon_backplane::redis::Link;
use zvon_backplane::{bus, node};
use zvon_core::App;
use zvon_core::backing::Backing;
use zvon_core::caller::Caller;
use zvon_core::clock::SystemClock;
use zvon_core::limits::{Class, Limits};
use zvon_core::message::store::Page;
use zvon_core::outbox::store::OutboxStore;
use zvon_core::session::Claim;
use zvon_core::settings::Settings;
use zvon_protocol::ids::{ChatId, UserId};
use zvon_protocol::time::Timestamp;
use zvon_store::postgres::{Postgres, Settings as Database};
use zvon_testkit::postgres::Cluster;
use zvon_testkit::redis::Server as Redis;

use super::quiet::Quiet;
use super::scene::Scene;
use crate::server::{Watch, spent_by};

/// How many people there are.
const PEOPLE: usize = 60;
/// How many of one operation are done in a row, so that their CPU can be told.
const ROUND: usize = 500;

/// What is measured, in the order of the table, with the goal for the p99 in ms, if there is one.
const OPERATIONS: [(&str, Option<f64>); 9] = [
    ("bare PING of Redis", None),
    ("online status", Some(0.5)),
    ("limit check", None),
    ("session check, known", Some(0.3)),
    ("session check, by the store", None),
    ("older page of 50, kept", Some(1.0)),
    ("older page of 50, from Redis", Some(1.0)),
    ("newest page of 50", None),
    ("newest page, without a cache", None),
];

/// A node in this process, and somebody on it.
struct Node {
    app: Arc<App>,
    /// One that keeps nothing itself: it has its pages from Redis.
    far: Arc<App>,
    /// One without a cache.
    plain: Arc<App>,
    caller: Caller,
    claim: Claim,
    chat: ChatId,
    others: Vec<UserId>,
    ping: TcpStream,
}

/// Measures and prints a line of each.
pub(super) async fn run(postgres: &Cluster, times: usize) -> Result<()> {
    let redis = Redis::start();
    let database = postgres.create_database(None);
    let scene = Scene::build(&postgres.url(&database), PEOPLE).await?;
    postgres.sql(&database, "VACUUM ANALYZE");
    let mut node = Node::start(&postgres.url(&database), &redis, &scene).await?;
    for operation in 0..OPERATIONS.len() {
        node.once(operation).await?;
    }
    let mut taken: Vec<(Histogram<u64>, [f64; 3])> = Vec::new();
    for _ in OPERATIONS {
        taken.push((Histogram::new(3)?, [0.0; 3]));
    }
    let spent = || -> Result<[f64; 3]> {
        Ok([Watch::own().account()?.cpu, spent_by(redis.pid()), spent_by(postgres.pid())])
    };
    for _ in 0..times.div_ceil(ROUND) {
        for (operation, (waited, cpu)) in taken.iter_mut().enumerate() {
            let before = spent()?;
            for _ in 0..ROUND {
                let begun = Instant::now();
                node.once(operation).await?;
                waited.record(u64::try_from(begun.elapsed().as_nanos()).unwrap_or(u64::MAX))?;
            }
            let after = spent()?;
            for part in 0..3 {
                cpu[part] += after[part] - before[part];
            }
        }
    }
    for ((name, goal), (waited, cpu)) in OPERATIONS.iter().zip(&taken) {
        println!("{}", line(name, *goal, waited, cpu));
    }
    let key = format!("chat:{{{}}}:messages:1", node.chat);
    println!("a full page of 64 takes {} bytes of Redis", redis.cli(&["MEMORY", "USAGE", &key]));
    for app in [&node.app, &node.far, &node.plain] {
        app.shutdown().await;
    }
    Ok(())
}

fn line(name: &str, goal: Option<f64>, waited: &Histogram<u64>, cpu: &[f64; 3]) -> String {
    let within = |part| waited.value_at_quantile(part) as f64 / 1e6;
    let each = |part: usize| cpu[part] * 1e6 / waited.len().max(1) as f64;
    let verdict = goal.map_or(String::new(), |goal| {
        let missed = if within(0.99) <= goal { "" } else { ", MISSED" };
        format!(" (goal: {goal}{missed})")
    });
    format!(
        "{name:<29} p50 {:.3} p99 {:.3} ms{verdict}; CPU: node {:.0} us, Redis {:.0} us, \
         PostgreSQL {:.0} us",
        within(0.5),
        within(0.99),
        each(0),
        each(1),
        each(2),
    )
}

impl Node {
    async fn start(url: &str, redis: &Redis, scene: &Scene) -> Result<Self> {
        let app = start(url, redis, 64 << 20, true).await?;
        let far = start(url, redis, 0, true).await?;
        let plain = start(url, redis, 0, false).await?;
        let (person, session) = &scene.people[0];
        let (user, session) = (UserId(person.id), *session);
        let claim = Claim { session, user, expires_at: Timestamp(i64::MAX), legacy: false };
        let chat = ChatId(scene.halls[1].id);
        let others = vec![UserId(scene.people[1].0.id)];
        let mut ping = TcpStream::connect(SocketAddr::from(([127, 0, 0, 1], redis.port()))).await?;
        ping.set_nodelay(true)?;
        ping.write_all(b"HELLO 3\r\n").await?;
        tokio::time::sleep(Duration::from_secs(1)).await;
        let mut greeting = [0; 4096];
        ensure!(ping.read(&mut greeting).await? > 0, "Redis does not answer");
        let caller = Caller { session, user };
        Ok(Self { app, far, plain, caller, claim, chat, others, ping })
    }

    /// Does one of [`OPERATIONS`].
    async fn once(&mut self, operation: usize) -> Result<()> {
        match operation {
            0 => {
                let mut pong = [0; 7];
                self.ping.write_all(b"PING\r\n").await?;
                self.ping.read_exact(&mut pong).await?;
            }
            1 => drop(self.app.presence_of(&self.others).await),
            2 => self.app.count(self.caller, Class::Event).await?,
            3 => drop(self.app.authenticate(self.claim).await?),
            4 => drop(self.plain.authenticate(self.claim).await?),
            5 => self.page(&self.app, Page::Before(250)).await?,
            6 => self.page(&self.far, Page::Before(250)).await?,
            7 => self.page(&self.app, Page::Newest).await?,
            _ => self.page(&self.plain, Page::Newest).await?,
        }
        Ok(())
    }

    async fn page(&self, app: &Arc<App>, page: Page) -> Result<()> {
        let page = app.history(self.caller, self.chat, page, Some(50)).await?;
        ensure!(page.len() == 50, "a page of {}", page.len());
        Ok(())
    }
}

async fn start(url: &str, redis: &Redis, bytes: usize, cached: bool) -> Result<Arc<App>> {
    let url = url.to_owned();
    let settings = Database { url, send: 2, read: 4, rest: 2, pooled: false };
    let store = Postgres::open(&settings).await?;
    let link = Link::open(redis.url().parse().context("the address of Redis")?);
    ensure!(link.ready(Duration::from_secs(5)).await, "Redis does not answer");
    let seal = Seal::new(&store.log_epoch().await?, super::KEY.as_bytes());
    let far = Arc::new(RedisCache::new(Arc::clone(&link), seal));
    let nodes = Arc::new(RedisNodes::new(Arc::clone(&link)));
    let backing = Backing {
        store: Arc::new(store),
        bus: Arc::new(bus::Alone),
        nodes: Arc::new(node::Alone),
        presence: Arc::new(RedisPresence::new(Arc::clone(&link), Duration::from_secs(10))),
        limiter: Arc::new(RedisLimiter::new(link, nodes)),
        cache: Arc::new(NearCache::new(bytes, far)),
        post: Arc::new(zvon_core::webhook::post::Nowhere),
        clock: Arc::new(SystemClock),
    };
    // A limit that nobody reaches, so that each is a decision.
    let limits = Limits { events: 1_000_000, ..Limits::default() };
    let settings =
        Settings { cluster_key: super::KEY.into(), limits, cached, ..Settings::default() };
    Ok(App::start(backing, Arc::new(Quiet), settings).await?)
}
