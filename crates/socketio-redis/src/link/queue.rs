//! What waits for Redis. Bounded in bytes: the oldest is dropped first.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::config::Config;
use crate::stats::Stats;

/// Most messages in one write, and about how many bytes.
const BATCH: usize = 512;
const BATCH_BYTES: usize = 256 << 10;

/// A message that waits.
#[derive(Debug)]
pub(super) struct Outgoing {
    pub(super) channel: String,
    pub(super) payload: Bytes,
    since: Instant,
}

impl Outgoing {
    fn cost(&self) -> usize {
        self.channel.len() + self.payload.len() + size_of::<Self>()
    }
}

#[derive(Debug)]
pub(super) struct Queue {
    state: Mutex<State>,
    max_bytes: usize,
    max_age: Duration,
    stats: Arc<Stats>,
    /// Something waits.
    filled: Notify,
    /// Nothing waits, nor is under way.
    empty: Notify,
}

#[derive(Debug, Default)]
struct State {
    waiting: VecDeque<Outgoing>,
    bytes: usize,
    under_way: bool,
}

impl Queue {
    pub(super) fn new(config: &Config, stats: Arc<Stats>) -> Self {
        let (max_bytes, max_age) = (config.max_queue_bytes, config.max_queue_age);
        let (filled, empty) = (Notify::new(), Notify::new());
        Self { state: Mutex::default(), max_bytes, max_age, stats, filled, empty }
    }

    /// Puts a message at the end.
    pub(super) fn push(&self, channel: String, payload: Bytes) {
        let message = Outgoing { channel, payload, since: Instant::now() };
        let mut state = self.state.lock();
        state.bytes += message.cost();
        state.waiting.push_back(message);
        let mut dropped = 0;
        while state.bytes > self.max_bytes && state.shift().is_some() {
            dropped += 1;
        }
        self.stats.dropped_full.add(dropped);
        self.stats.queued_bytes.set(state.bytes);
        drop(state);
        self.filled.notify_one();
    }

    /// The next messages; waits for the first. They are under way until [`Queue::done`].
    pub(super) async fn take(&self) -> Vec<Outgoing> {
        loop {
            let batch = self.batch();
            if !batch.is_empty() {
                return batch;
            }
            self.filled.notified().await;
        }
    }

    fn batch(&self) -> Vec<Outgoing> {
        let mut state = self.state.lock();
        let (mut batch, mut bytes, mut late) = (Vec::new(), 0, 0);
        while batch.len() < BATCH && bytes < BATCH_BYTES {
            let Some(message) = state.shift() else { break };
            if message.since.elapsed() > self.max_age {
                late += 1;
            } else {
                bytes += message.cost();
                batch.push(message);
            }
        }
        state.under_way = !batch.is_empty();
        self.stats.dropped_late.add(late);
        self.stats.queued_bytes.set(state.bytes);
        if state.is_over() {
            self.empty.notify_waiters();
        }
        batch
    }

    /// What was taken is no longer under way.
    pub(super) fn done(&self) {
        let mut state = self.state.lock();
        state.under_way = false;
        if state.is_over() {
            self.empty.notify_waiters();
        }
    }

    /// Waits until nothing waits and nothing is under way.
    pub(super) async fn drained(&self) {
        loop {
            let empty = self.empty.notified();
            if self.state.lock().is_over() {
                return;
            }
            empty.await;
        }
    }
}

impl State {
    fn shift(&mut self) -> Option<Outgoing> {
        let message = self.waiting.pop_front()?;
        self.bytes -= message.cost();
        Some(message)
    }

    fn is_over(&self) -> bool {
        self.waiting.is_empty() && !self.under_way
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn queue(max_queue_bytes: usize, max_queue_age: Duration) -> Queue {
        let config = Config { max_queue_bytes, max_queue_age, ..Config::new("redis://x") };
        Queue::new(&config, Arc::default())
    }

    #[test]
    fn the_oldest_goes_when_it_is_full() {
        let queue = queue(1000, Duration::from_secs(9));
        (0..20_u8).for_each(|number| queue.push("c".to_owned(), vec![number; 100].into()));
        assert!(queue.stats.queued_bytes.get() <= 1000);
        let batch = queue.batch();
        assert_eq!(batch.last().map(|last| last.payload[0]), Some(19));
        assert_eq!(queue.stats.dropped_full.get(), 20 - batch.len() as u64);
        queue.push("c".to_owned(), vec![0; 2000].into());
        assert!(queue.batch().is_empty(), "what never fits is dropped itself");
    }

    #[tokio::test(start_paused = true)]
    async fn what_waited_too_long_is_not_sent() {
        let queue = queue(1000, Duration::from_secs(9));
        queue.push("old".to_owned(), Bytes::new());
        tokio::time::advance(Duration::from_secs(10)).await;
        queue.push("new".to_owned(), Bytes::new());
        let batch = queue.take().await;
        assert_eq!((batch.len(), batch[0].channel.as_str()), (1, "new"));
        assert_eq!(queue.stats.dropped_late.get(), 1);
        queue.done();
        queue.drained().await;
    }
}
