//! The connection to Redis: one task publishes, one listens, each on a connection of its own that
//! it dials again for ever.
//!
//! Whoever publishes or subscribes only leaves a note and never waits. What waits for Redis is
//! bounded in bytes and in age, and so is what came from it and waits to be handled. A message
//! leaves at most once: one that was under way when a connection broke is not sent again.
//!
//! Subscriptions are a set of what is wanted; the listening task makes Redis agree with it, after
//! every change and after every dial, and looks now and then whether it still does.

mod dial;
mod publish;
mod queue;
mod subscribe;
mod wanted;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use redis::RedisError;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::config::Config;
use crate::stats::Stats;
use dial::Dialer;
use queue::Queue;
use wanted::Wanted;

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
    queue: Arc<Queue>,
    wanted: Arc<Wanted>,
    dialer: Arc<Dialer>,
    tasks: [JoinHandle<()>; 2],
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
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

impl Link {
    /// Starts its tasks, on the current tokio runtime. Redis need not be there.
    ///
    /// # Errors
    /// When an address cannot be one.
    pub fn start(config: &Config, stats: &Arc<Stats>) -> Result<(Self, Inbox), RedisError> {
        let dialer = Arc::new(Dialer::new(config)?);
        let queue = Arc::new(Queue::new(config, Arc::clone(stats)));
        let wanted = Arc::new(Wanted::default());
        let (sender, receiver) = mpsc::unbounded_channel();
        let listener = subscribe::Listener {
            dialer: Arc::clone(&dialer),
            wanted: Arc::clone(&wanted),
            door: subscribe::Door {
                sender,
                stats: Arc::clone(stats),
                max: config.max_waiting_bytes,
            },
            check: config.check_interval,
        };
        let publisher = publish::Publisher {
            dialer: Arc::clone(&dialer),
            queue: Arc::clone(&queue),
            stats: Arc::clone(stats),
            check: config.check_interval,
        };
        let tasks = [tokio::spawn(listener.run()), tokio::spawn(publisher.run())];
        let inbox = Inbox { receiver, stats: Arc::clone(stats) };
        Ok((Self { queue, wanted, dialer, tasks }, inbox))
    }

    /// Queues a message.
    pub fn publish(&self, channel: String, payload: Bytes) {
        self.queue.push(channel, payload);
    }

    /// Wants a channel once more.
    pub fn subscribe(&self, channel: String) {
        self.wanted.add(channel);
    }

    /// Wants it once less.
    pub fn unsubscribe(&self, channel: &str) {
        self.wanted.remove(channel);
    }

    /// Waits until Redis knows of everything that is wanted.
    pub async fn subscribed(&self) {
        self.wanted.settled().await;
    }

    /// How many nodes are subscribed to a channel.
    ///
    /// # Errors
    /// When Redis does not say.
    pub async fn subscribers(&self, channel: &str) -> Result<usize, RedisError> {
        let mut connection = self.dialer.asking().await?;
        let mut command = redis::cmd("PUBSUB");
        command.arg("SHARDNUMSUB").arg(channel);
        let answer: Result<(String, usize), _> = command.query_async(&mut connection).await;
        if answer.is_err() {
            self.dialer.forget().await;
        }
        Ok(answer?.1)
    }

    /// Wants nothing any more, and waits until Redis knows and has taken what is queued; not
    /// longer than `patience`.
    pub async fn close(&self, patience: Duration) {
        self.wanted.clear();
        let done = async {
            self.wanted.settled().await;
            self.queue.drained().await;
        };
        let _ = tokio::time::timeout(patience, done).await;
    }
}
