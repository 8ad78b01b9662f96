//! The one switch: what the node stands on, and what an operator's commands act on. Embedded is a
//! cluster of one.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use zvon_backplane::bus::{Codec, RedisBus};
use zvon_backplane::cache::{MemoryCache, NearCache, RedisCache, Seal};
use zvon_backplane::lease::{MemoryLeases, RedisLeases};
use zvon_backplane::limiter::{MemoryLimiter, RedisLimiter};
use zvon_backplane::node::RedisNodes;
use zvon_backplane::presence::{MemoryPresence, RedisPresence};
use zvon_backplane::redis::{Address, Link};
use zvon_backplane::{bus, node};
use zvon_core::backing::Backing;
use zvon_core::clock::{Clock, SystemClock};
use zvon_core::lease::Leases;
use zvon_core::node::Nodes;
use zvon_core::outbox::reader::Ground;
use zvon_core::outbox::source::OutboxSource;
use zvon_core::outbox::store::OutboxStore;
use zvon_core::store::Store;
use zvon_core::webhook::post::Post;
use zvon_socketio::{Adapter, Alone, NodeId};
use zvon_socketio_redis::RedisAdapter;
use zvon_store::Access;
use zvon_store::postgres::{Postgres, Settings};
use zvon_store::sqlite::Sqlite;

use crate::command::cluster::Cluster;
use crate::command::embedded::Embedded;
use crate::command::ground;
use crate::config::Config;
use crate::data_dir::{self, Held};
use crate::jobs::Means;
use crate::kafka;
use crate::secret;
use crate::webhook::Http;

/// The database's file in the data directory.
pub(crate) const FILE: &str = "zvon.db";
/// How long the last words to the other nodes may take.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// What was opened, to be closed at the end.
pub(crate) struct Opened {
    pub(crate) backing: Backing,
    /// The other nodes, as the engine sees them.
    pub(crate) adapter: Arc<dyn Adapter>,
    /// Who does what only one may do.
    pub(crate) leases: Arc<dyn Leases>,
    kept: Kept,
}

enum Kept {
    Embedded(Sqlite),
    Cluster(Box<Shared>),
}

struct Shared {
    store: Postgres,
    adapter: Arc<RedisAdapter>,
    bus: Arc<RedisBus>,
    presence: Arc<RedisPresence>,
}

impl Opened {
    /// The node is about to go down: whoever leaves it has time to come back elsewhere.
    pub(crate) fn draining(&self) {
        if let Kept::Cluster(shared) = &self.kept {
            shared.presence.draining();
        }
    }

    /// What jobs of this process stand on.
    pub(crate) fn means(&self, config: &Config) -> Means {
        let (store, post) = (Arc::clone(&self.backing.store), Arc::clone(&self.backing.post));
        means(config, store, post, Arc::clone(&self.leases))
    }

    /// Closes what has to be.
    pub(crate) async fn close(&self) {
        match &self.kept {
            Kept::Embedded(store) => store.close().await,
            Kept::Cluster(shared) => {
                shared.adapter.close(LAST_WORDS).await;
                shared.bus.close();
                shared.presence.close().await;
                shared.store.close().await;
            }
        }
    }
}

/// What background jobs stand on, in a process of their own.
pub(crate) struct Workshop {
    pub(crate) means: Means,
    kept: Tools,
}

enum Tools {
    Embedded(Sqlite, #[expect(dead_code, reason = "its lock ends when it is dropped")] Held),
    Cluster(Box<Postgres>),
}

impl Workshop {
    /// Closes what has to be.
    pub(crate) async fn close(&self) {
        match &self.kept {
            Tools::Embedded(store, _) => store.close().await,
            Tools::Cluster(store) => store.close().await,
        }
    }
}

/// Opens what background jobs need, apart from the nodes.
pub(crate) async fn workshop(config: &Config) -> Result<Workshop> {
    let post = post(config)?;
    if config.is_cluster() {
        let store = Postgres::open(&database(config)).await.context("PostgreSQL cannot be used")?;
        let address: Address = config.redis.url.parse().context("redis.url")?;
        let leases = Arc::new(RedisLeases::new(Link::open(address)));
        let means = means(config, Arc::new(store.clone()), post, leases);
        return Ok(Workshop { means, kept: Tools::Cluster(Box::new(store)) });
    }
    if config.jobs.in_process {
        anyhow::bail!(
            "jobs.in_process is true: the server of this data directory does the jobs itself; set it \
             to false for both"
        );
    }
    let held = data_dir::take_work(&config.server.data)?;
    let path = config.server.data.join(FILE);
    let store = Sqlite::beside(&path, Access::Write)
        .await
        .with_context(|| format!("the database {} cannot be used", path.display()))?;
    let means = means(config, Arc::new(store.clone()), post, Arc::new(MemoryLeases::default()));
    Ok(Workshop { means, kept: Tools::Embedded(store, held) })
}

/// What jobs stand on: their records come from the event log, or without one from the outbox.
fn means(
    config: &Config,
    store: Arc<dyn Store>,
    post: Arc<dyn Post>,
    leases: Arc<dyn Leases>,
) -> Means {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let ground = Ground { store: Arc::clone(&store), leases, clock: Arc::clone(&clock) };
    let outbox = || Arc::new(OutboxSource(ground)) as _;
    let source = kafka::source(config, &store).unwrap_or_else(outbox);
    Means { store, post, clock, source }
}

/// Opens what the configuration asks for; `node` is this node's id among the others.
pub(crate) async fn open(config: &Config, node: Option<NodeId>) -> Result<Opened> {
    if config.is_cluster() { cluster(config, node).await } else { embedded(config).await }
}

/// What the operator's commands act on.
pub(crate) fn ground(config: &Config) -> Box<dyn ground::Ground + '_> {
    if config.is_cluster() { Box::new(Cluster(config)) } else { Box::new(Embedded(config)) }
}

/// The cluster's database.
pub(crate) fn database(config: &Config) -> Settings {
    Settings {
        url: config.store.url.clone(),
        send: config.store.send_connections,
        read: config.store.read_connections,
        rest: config.store.write_connections,
        pooled: config.store.pooled,
    }
}

/// Other systems' HTTP servers.
fn post(config: &Config) -> Result<Arc<dyn Post>> {
    let allowed = config.allowed_networks().map_err(|error| anyhow::anyhow!("{error}"))?;
    Ok(Arc::new(Http::new(allowed, config.webhooks.timeout.0)))
}

/// One node: SQLite and memory.
async fn embedded(config: &Config) -> Result<Opened> {
    let path = config.server.data.join(FILE);
    if !config.store.migrate {
        let schema = Sqlite::schema(&path).await.and_then(|schema| schema.check());
        schema.with_context(|| format!("the database {} cannot be used", path.display()))?;
    }
    let store = Sqlite::open(&path, config.store.read_connections)
        .await
        .with_context(|| format!("the database {} cannot be opened", path.display()))?;
    let clock = Arc::new(SystemClock);
    let backing = Backing {
        store: Arc::new(store.clone()),
        bus: Arc::new(bus::Alone),
        nodes: Arc::new(node::Alone),
        presence: Arc::new(MemoryPresence::new(Arc::clone(&clock) as _, config.presence.grace.0)),
        limiter: Arc::new(MemoryLimiter::default()),
        cache: Arc::new(MemoryCache::of(config.cache.local_bytes)),
        post: post(config)?,
        clock,
    };
    let leases = Arc::new(MemoryLeases::default());
    Ok(Opened { backing, adapter: Arc::new(Alone), leases, kept: Kept::Embedded(store) })
}

/// One of several nodes: PostgreSQL and Redis. Redis may be away.
async fn cluster(config: &Config, node: Option<NodeId>) -> Result<Opened> {
    let node = node.unwrap_or_else(NodeId::random);
    let key = secret::cluster_keys(config)?.swap_remove(0);
    let settings = database(config);
    if !config.store.migrate {
        let schema = Postgres::schema(&settings).await.context("PostgreSQL cannot be used")?;
        schema.check().context("PostgreSQL cannot be used")?;
    }
    let store = Postgres::open(&settings).await.context("PostgreSQL cannot be used")?;
    let address: Address = config.redis.url.parse().context("redis.url")?;
    let link = Link::open(address);
    let adapter = RedisAdapter::start(adapter(&config.redis.url)).context("redis.url")?;
    let presence = Arc::new(RedisPresence::new(Arc::clone(&link), config.presence.grace.0));
    let nodes: Arc<dyn Nodes> = Arc::new(RedisNodes::new(Arc::clone(&link)));
    let epoch = store.log_epoch().await.context("PostgreSQL cannot be used")?;
    let codec = Codec::new(node.as_str(), &epoch, &key);
    let leases = Arc::new(RedisLeases::new(Arc::clone(&link)));
    let shared = Arc::new(RedisCache::new(Arc::clone(&link), Seal::new(&epoch, &key)));
    let bus = Arc::new(RedisBus::new(Arc::clone(&link), codec));
    let backing = Backing {
        store: Arc::new(store.clone()),
        bus: Arc::clone(&bus) as _,
        nodes: Arc::clone(&nodes),
        presence: Arc::clone(&presence) as _,
        limiter: Arc::new(RedisLimiter::new(Arc::clone(&link), nodes)),
        cache: Arc::new(NearCache::new(config.cache.local_bytes, shared)),
        post: post(config)?,
        clock: Arc::new(SystemClock),
    };
    let shared = Shared { store, adapter: Arc::clone(&adapter), bus, presence };
    Ok(Opened { backing, adapter, leases, kept: Kept::Cluster(Box::new(shared)) })
}

/// The adapter's settings for `redis.url`; behind sentinels and of a cluster an address of each.
fn adapter(url: &str) -> zvon_socketio_redis::Config {
    let settings = zvon_socketio_redis::Config::new(url);
    let several = url.split_once("+sentinel://").or_else(|| url.split_once("+cluster://"));
    let Some((base, rest)) = several else { return settings };
    let (user, rest) = rest.rsplit_once('@').map_or(("", rest), |(user, rest)| (user, rest));
    let at = if user.is_empty() { "" } else { "@" };
    let (hosts, path) = rest.split_once('/').unwrap_or((rest, ""));
    let (name, number) = path.split_once('/').unwrap_or((path, ""));
    let urls = hosts.split(',').map(|host| format!("{base}://{user}{at}{host}/{number}")).collect();
    let cluster = url.contains("+cluster://");
    let sentinel = (!cluster).then(|| name.to_owned());
    zvon_socketio_redis::Config { urls, sentinel, cluster, ..settings }
}

#[cfg(test)]
mod tests {
    use super::adapter;

    #[test]
    fn the_adapter_is_told_of_several_one_by_one() {
        let one = adapter("rediss://:secret@host:7000/2");
        assert_eq!(
            (&*one.urls, one.sentinel),
            (&["rediss://:secret@host:7000/2".into()][..], None)
        );
        let two = adapter("redis+sentinel://me:secret@a:1,b:2/main/3");
        let urls = ["redis://me:secret@a:1/3", "redis://me:secret@b:2/3"].map(str::to_owned);
        assert_eq!((&*two.urls, two.sentinel.as_deref()), (&urls[..], Some("main")));
        let three = adapter("rediss+cluster://me:secret@a:1,b:2");
        let urls = ["rediss://me:secret@a:1/", "rediss://me:secret@b:2/"].map(str::to_owned);
        assert_eq!((three.urls, three.sentinel, three.cluster), (urls.to_vec(), None, true));
        assert!(!one.cluster && !two.cluster);
    }
}
