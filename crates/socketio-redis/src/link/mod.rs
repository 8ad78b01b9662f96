//! The connection to Redis: for each server one task publishes and one listens, each on a connection
//! of its own that it dials again for ever.
//!
//! Whoever publishes or subscribes only leaves a note and never waits. What waits for Redis is
//! bounded in bytes and in age, and so is what came from it and waits to be handled. A message
//! leaves at most once: one that was under way when a connection broke is not sent again.
//!
//! Subscriptions are a set of what is wanted; the listening task makes Redis agree with it, after
//! every change and after every dial, and looks now and then whether it still does.
//!
//! One Redis is one server (a `shard`), and of a cluster every master is one: a channel lies in one of
//! its slots, the `map` says whose that is, and the `route` leads there. What waits for a master that
//! is away holds up no other. The primary that Sentinels name is a cluster of one: when they name
//! another, all that waits and is wanted moves there.

mod ask;
mod dial;
mod keep;
mod map;
mod publish;
mod queue;
mod route;
mod shard;
mod slot;
mod subscribe;
mod wanted;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use redis::{ErrorKind, RedisError};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::config::Config;
use crate::stats::Stats;
use ask::Asking;
use dial::Dialer;
use keep::{Guides, Keeper};
use map::Map;
use route::Router;
use shard::Shard;

/// What all servers have in common.
#[derive(Debug)]
struct Part {
    config: Config,
    dialer: Arc<Dialer>,
    stats: Arc<Stats>,
    sender: mpsc::UnboundedSender<Incoming>,
}

/// A message that came.
#[derive(Debug)]
pub struct Incoming {
    /// On which channel.
    pub channel: Bytes,
    /// What.
    pub payload: Bytes,
}

impl Incoming {
    /// How much of the bound on waiting bytes it takes.
    fn cost(&self) -> usize {
        self.channel.len() + self.payload.len() + 128
    }
}

/// The connection. When it is dropped, its tasks end.
#[derive(Debug)]
pub struct Link {
    router: Arc<Router>,
    asking: Arc<Asking>,
    keeper: Option<JoinHandle<()>>,
}

/// Where what came is taken out.
#[derive(Debug)]
pub struct Inbox {
    receiver: mpsc::UnboundedReceiver<Incoming>,
    stats: Arc<Stats>,
}

impl Inbox {
    /// The next; `None` when the link is gone.
    pub async fn next(&mut self) -> Option<Incoming> {
        let incoming = self.receiver.recv().await?;
        self.stats.waiting_bytes.take(incoming.cost());
        Some(incoming)
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.keeper.iter().for_each(JoinHandle::abort);
        self.router.end();
    }
}

impl Link {
    /// Starts its tasks, on the current tokio runtime. Redis need not be there.
    ///
    /// # Errors
    /// When an address cannot be one.
    pub fn start(config: &Config, stats: &Arc<Stats>) -> Result<(Self, Inbox), RedisError> {
        let dialer = Arc::new(Dialer::new(config)?);
        let asking = Arc::new(Asking::new(Arc::clone(&dialer)));
        let guides = Guides::of(config, &dialer, &asking)?;
        let map = guides.as_ref().map_or_else(Map::one, Guides::beginning);
        let (sender, receiver) = mpsc::unbounded_channel();
        let part = Part { config: config.clone(), dialer, stats: Arc::clone(stats), sender };
        let router = Router::new(part, map);
        let keeper = guides.map(|guides| {
            let (router, asking) = (Arc::clone(&router), Arc::clone(&asking));
            let keeper = Keeper { router, asking, guides, check: config.check_interval };
            tokio::spawn(keeper.run())
        });
        let inbox = Inbox { receiver, stats: Arc::clone(stats) };
        Ok((Self { router, asking, keeper }, inbox))
    }

    /// Queues a message.
    pub fn publish(&self, channel: String, payload: Bytes) {
        self.router.publish(channel, payload);
    }

    /// Wants a channel once more.
    pub fn subscribe(&self, channel: String) {
        self.router.subscribe(channel);
    }

    /// Wants it once less.
    pub fn unsubscribe(&self, channel: &str) {
        self.router.unsubscribe(channel);
    }

    /// Waits until Redis knows of everything that is wanted.
    pub async fn subscribed(&self) {
        self.each(async |shard| shard.wanted.settled().await, |shard| shard.wanted.is_settled())
            .await;
    }

    /// How many nodes are subscribed to a channel.
    ///
    /// # Errors
    /// When Redis does not say.
    pub async fn subscribers(&self, channel: &str) -> Result<usize, RedisError> {
        let nobody = || RedisError::from((ErrorKind::Io, "nobody owns the channel's slot"));
        let server = self.router.owner(channel).ok_or_else(nobody)?;
        let mut command = redis::cmd("PUBSUB");
        command.arg("SHARDNUMSUB").arg(channel);
        let answer = self.asking.ask(&server, &command).await?;
        let (_, count): (String, usize) = redis::from_redis_value(answer)?;
        Ok(count)
    }

    /// Wants nothing any more, and waits until Redis knows and has taken what is queued; not
    /// longer than `patience`.
    pub async fn close(&self, patience: Duration) {
        self.router.shards().iter().for_each(|shard| shard.wanted.clear());
        let done = async {
            self.subscribed().await;
            self.each(async |shard| shard.queue.drained().await, |shard| shard.queue.is_over())
                .await;
        };
        let _ = tokio::time::timeout(patience, done).await;
    }

    /// Waits until something is so of every server, whichever these are then.
    async fn each(&self, comes: impl AsyncFn(&Shard), is_so: impl Fn(&Shard) -> bool) {
        loop {
            let shards = self.router.shards();
            for shard in &shards {
                comes(shard).await;
            }
            if self.router.shards().iter().all(|shard| is_so(shard)) {
                return;
            }
        }
    }
}
