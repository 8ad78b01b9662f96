//! A queue that is bounded in bytes: what is oldest is lost, and counted.

use std::collections::VecDeque;

use parking_lot::Mutex;
use tokio::sync::Notify;

/// How much room something takes.
pub(crate) trait Weight {
    /// In bytes.
    fn weight(&self) -> usize;
}

/// Many put in, one takes out. Putting never waits: when it is full, the oldest go.
pub(crate) struct Queue<T> {
    state: Mutex<State<T>>,
    filled: Notify,
    most: usize,
    lost: metrics::Counter,
}

struct State<T> {
    items: VecDeque<T>,
    bytes: usize,
    closed: bool,
}

impl<T: Weight> Queue<T> {
    /// A queue for that many bytes; what it loses is counted there.
    pub(crate) fn new(most: usize, lost: metrics::Counter) -> Self {
        let state = State { items: VecDeque::new(), bytes: 0, closed: false };
        Self { state: Mutex::new(state), filled: Notify::new(), most, lost }
    }

    /// Puts one in.
    pub(crate) fn put(&self, item: T) {
        let mut state = self.state.lock();
        if state.closed {
            return;
        }
        state.bytes += item.weight();
        state.items.push_back(item);
        while state.bytes > self.most
            && let Some(oldest) = state.items.pop_front()
        {
            state.bytes -= oldest.weight();
            self.lost.increment(1);
        }
        drop(state);
        self.filled.notify_one();
    }

    /// Waits until there is something, and takes at most `most` of it; `None` once it is closed.
    pub(crate) async fn take(&self, most: usize) -> Option<Vec<T>> {
        loop {
            {
                let mut state = self.state.lock();
                if state.closed {
                    self.filled.notify_one();
                    return None;
                }
                if !state.items.is_empty() {
                    let count = state.items.len().min(most);
                    let taken: Vec<T> = state.items.drain(..count).collect();
                    state.bytes -= taken.iter().map(Weight::weight).sum::<usize>();
                    return Some(taken);
                }
            }
            self.filled.notified().await;
        }
    }

    /// Whoever takes hears of the end.
    pub(crate) fn close(&self) {
        self.state.lock().closed = true;
        self.filled.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{prop, proptest};

    use super::{Queue, Weight};

    impl Weight for usize {
        fn weight(&self) -> usize {
            *self
        }
    }

    proptest! {
        #[test]
        fn the_newest_that_fit_are_there_in_order(items in prop::collection::vec(1_usize..50, 1..60)) {
            let queue = Queue::new(100, metrics::Counter::noop());
            items.iter().for_each(|item| queue.put(*item));
            let mut room = 100;
            let fits = |item: &&usize| { let ok = **item <= room; room = room.saturating_sub(**item); ok };
            let mut newest: Vec<usize> = items.iter().rev().take_while(fits).copied().collect();
            newest.reverse();
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            assert_eq!(runtime.block_on(queue.take(1000)), Some(newest));
            queue.close();
            assert_eq!(runtime.block_on(queue.take(1000)), None);
        }
    }
}
