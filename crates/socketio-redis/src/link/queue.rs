//! What waits for one server. Bounded in bytes: the oldest is dropped first.

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
/// How often a message may be sent to servers that do not take it.
const TRIES: u8 = 20;

/// A message that waits.
#[derive(Debug)]
pub(super) struct Outgoing {
    pub(super) channel: String,
    pub(super) payload: Bytes,
    pub(super) slot: u16,
    since: Instant,
    /// How often it was sent to a server that did not take it.
    tries: u8,
}

impl Outgoing {
    fn cost(&self) -> usize {
        self.channel.len() + self.payload.len() + size_of::<Self>()
    }
}

#[derive(Debug)]
pub(super) struct Queue {
    state: Mutex<State>,
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
    max_bytes: usize,
    /// As many of those that were taken last are under way.
    under_way: usize,
}

impl Drop for Queue {
    fn drop(&mut self) {
        let state = self.state.get_mut();
        self.stats.queued_bytes.take(state.bytes);
        self.stats.lost.add(state.waiting.len() + state.under_way);
    }
}

impl Queue {
    pub(super) fn new(config: &Config, stats: Arc<Stats>) -> Self {
        let state = State { max_bytes: config.max_queue_bytes, ..State::default() };
        let (filled, empty) = (Notify::new(), Notify::new());
        let max_age = config.max_queue_age;
        Self { state: Mutex::new(state), max_age, stats, filled, empty }
    }

    /// From now on at most so many bytes wait.
    pub(super) fn limit(&self, max_bytes: usize) {
        self.change(|state| state.max_bytes = max_bytes);
    }

    /// Puts a message at the end.
    pub(super) fn push(&self, channel: String, payload: Bytes, slot: u16) {
        let message = Outgoing { channel, payload, slot, since: Instant::now(), tries: 0 };
        self.arrive([message]);
    }

    /// Puts messages at the end that have waited elsewhere.
    pub(super) fn arrive(&self, messages: impl IntoIterator<Item = Outgoing>) {
        self.change(|state| messages.into_iter().for_each(|message| state.push(message, false)));
    }

    /// Puts messages at the beginning that were sent, and not taken.
    pub(super) fn again(&self, messages: Vec<Outgoing>) {
        let (more, given_up): (Vec<_>, Vec<_>) =
            messages.into_iter().partition(|message| message.tries < TRIES);
        self.stats.refused.add(given_up.len());
        self.change(|state| {
            for mut message in more.into_iter().rev() {
                message.tries += 1;
                state.push(message, true);
            }
        });
    }

    /// What is for slots that are another server's does not wait for this one any more.
    pub(super) fn leave(&self, is_elsewhere: impl Fn(u16) -> bool) -> Vec<Outgoing> {
        self.change(|state| {
            let all = std::mem::take(&mut state.waiting);
            let (gone, stay): (Vec<_>, Vec<_>) =
                all.into_iter().partition(|message| is_elsewhere(message.slot));
            state.waiting = stay.into();
            state.bytes -= gone.iter().map(Outgoing::cost).sum::<usize>();
            gone
        })
    }

    /// Changes what waits, and drops what has no room then.
    fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let mut state = self.state.lock();
        let before = state.bytes;
        let changed = change(&mut state);
        let mut dropped = 0;
        while state.bytes > state.max_bytes && state.shift().is_some() {
            dropped += 1;
        }
        self.stats.dropped_full.add(dropped);
        self.account(before, &state);
        drop(state);
        self.filled.notify_one();
        changed
    }

    /// Several queues have one gauge.
    fn account(&self, before: usize, state: &State) {
        self.stats.queued_bytes.add(state.bytes.saturating_sub(before));
        self.stats.queued_bytes.take(before.saturating_sub(state.bytes));
        if state.is_over() {
            self.empty.notify_waiters();
        }
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
        let before = state.bytes;
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
        state.under_way = batch.len();
        self.stats.dropped_late.add(late);
        self.account(before, &state);
        batch
    }

    /// What was taken is no longer under way.
    pub(super) fn done(&self) {
        let mut state = self.state.lock();
        state.under_way = 0;
        if state.is_over() {
            self.empty.notify_waiters();
        }
    }

    pub(super) fn is_over(&self) -> bool {
        self.state.lock().is_over()
    }

    /// Waits until nothing waits and nothing is under way.
    pub(super) async fn drained(&self) {
        loop {
            let empty = self.empty.notified();
            if self.is_over() {
                return;
            }
            empty.await;
        }
    }
}

impl State {
    fn push(&mut self, message: Outgoing, first: bool) {
        self.bytes += message.cost();
        if first {
            self.waiting.push_front(message);
        } else {
            self.waiting.push_back(message);
        }
    }

    fn shift(&mut self) -> Option<Outgoing> {
        let message = self.waiting.pop_front()?;
        self.bytes -= message.cost();
        Some(message)
    }

    fn is_over(&self) -> bool {
        self.waiting.is_empty() && self.under_way == 0
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
        (0..20_u8).for_each(|number| queue.push("c".to_owned(), vec![number; 100].into(), 0));
        assert!(queue.stats.queued_bytes.get() <= 1000);
        let batch = queue.batch();
        assert_eq!(batch.last().map(|last| last.payload[0]), Some(19));
        assert_eq!(queue.stats.dropped_full.get(), 20 - batch.len() as u64);
        queue.push("c".to_owned(), vec![0; 2000].into(), 0);
        assert!(queue.batch().is_empty(), "what never fits is dropped itself");
    }

    #[tokio::test(start_paused = true)]
    async fn what_waited_too_long_is_not_sent() {
        let queue = queue(1000, Duration::from_secs(9));
        queue.push("old".to_owned(), Bytes::new(), 0);
        tokio::time::advance(Duration::from_secs(10)).await;
        queue.push("new".to_owned(), Bytes::new(), 0);
        let batch = queue.take().await;
        assert_eq!((batch.len(), batch[0].channel.as_str()), (1, "new"));
        assert_eq!(queue.stats.dropped_late.get(), 1);
        queue.done();
        queue.drained().await;
    }

    #[test]
    fn what_moves_or_comes_back_keeps_its_order() {
        let (one, other) =
            (queue(1 << 20, Duration::from_secs(9)), queue(1 << 20, Duration::from_secs(9)));
        (0..6_u16).for_each(|number| one.push(number.to_string(), Bytes::new(), number % 2));
        other.arrive(one.leave(|slot| slot == 1));
        let names =
            |batch: &[Outgoing]| -> String { batch.iter().map(|one| &*one.channel).collect() };
        let mut batch = other.batch();
        assert_eq!((names(&batch), names(&one.batch())), ("135".into(), "024".into()));
        other.push("7".to_owned(), Bytes::new(), 1);
        other.again(batch);
        batch = other.batch();
        assert_eq!(names(&batch), "1357");
        assert!(!other.is_over());
        (0..TRIES).for_each(|_| {
            other.again(std::mem::take(&mut batch));
            batch = other.batch();
        });
        assert_eq!((names(&batch).as_str(), other.stats.refused.get()), ("7", 3), "not for ever");
        other.limit(0);
        other.push("8".to_owned(), Bytes::new(), 1);
        assert_eq!((other.stats.dropped_full.get(), other.stats.queued_bytes.get()), (1, 0));
    }
}
