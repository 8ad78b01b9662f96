//! One at a time per key: who comes second waits, and finds what the first one kept.
//!
//! The lock is dropped with its last holder, so there are as many as keys that are read just now;
//! a holder that goes away lets the next one read.

use std::collections::HashMap;
use std::sync::{Arc, Weak};

use parking_lot::Mutex;
use tokio::sync::{Mutex as Turn, OwnedMutexGuard};

/// The reads that are under way.
#[derive(Default)]
pub(crate) struct Flights(Mutex<Locks>);

#[derive(Default)]
struct Locks {
    all: HashMap<String, Weak<Turn<()>>>,
    tidy_at: usize,
}

impl Flights {
    /// Waits until nobody else reads this key; that lasts as long as what is returned.
    pub(crate) async fn of(&self, key: &str) -> OwnedMutexGuard<()> {
        let turn = {
            let mut locks = self.0.lock();
            if locks.all.len() >= locks.tidy_at {
                locks.all.retain(|_, turn| turn.strong_count() > 0);
                locks.tidy_at = (locks.all.len() * 2).max(256);
            }
            let known = locks.all.get(key).and_then(Weak::upgrade);
            known.unwrap_or_else(|| {
                let turn = Arc::new(Turn::new(()));
                locks.all.insert(key.to_owned(), Arc::downgrade(&turn));
                turn
            })
        };
        turn.lock_owned().await
    }
}

#[cfg(test)]
mod tests {
    use super::Flights;

    #[tokio::test]
    async fn one_at_a_time_per_key_and_nothing_stays_behind() {
        let flights = Flights::default();
        let first = flights.of("a").await;
        drop(flights.of("b").await);
        let second = tokio::time::timeout(std::time::Duration::from_millis(20), flights.of("a"));
        assert!(second.await.is_err(), "it is taken");
        drop(first);
        drop(flights.of("a").await);
        for key in 0..1000 {
            drop(flights.of(&key.to_string()).await);
        }
        assert!(flights.0.lock().all.len() <= 512, "those that are over are dropped");
    }
}
