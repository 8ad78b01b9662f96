//! The order of one chat on one node: a pure decision.
//!
//! Deliveries come in any order, some twice; they go out dense and ascending. What came too
//! early is held; what went out last is remembered, so that a socket which joins in the middle
//! of things can be given what its reading of the store was too old for.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use super::Delivery;

/// How many past deliveries are remembered.
const RING: usize = 128;
/// How many early deliveries are held before the oldest gap has to be read from the store.
const HELD: usize = 256;

/// The order of one chat.
#[derive(Debug)]
pub struct Order {
    position: u64,
    /// The newest that came, held or not.
    newest: u64,
    ring: VecDeque<Arc<Delivery>>,
    held: BTreeMap<u64, Arc<Delivery>>,
}

impl Order {
    /// Everything up to `position` is behind.
    #[must_use]
    pub fn from(position: u64) -> Self {
        Self { position, newest: position, ring: VecDeque::new(), held: BTreeMap::new() }
    }

    /// The seq of the last delivery that went out.
    #[must_use]
    pub fn position(&self) -> u64 {
        self.position
    }

    /// Takes one in; gives what can go out now, in order.
    pub fn accept(&mut self, delivery: Arc<Delivery>) -> Vec<Arc<Delivery>> {
        self.newest = self.newest.max(delivery.seq);
        if delivery.seq > self.position {
            self.held.insert(delivery.seq, delivery);
        }
        if self.held.len() > HELD {
            // The newest are read again from the store once the gap is closed.
            self.held.pop_last();
        }
        let mut ready = Vec::new();
        while let Some(next) = self.held.remove(&(self.position + 1)) {
            self.position += 1;
            if self.ring.len() == RING {
                self.ring.pop_front();
            }
            self.ring.push_back(Arc::clone(&next));
            ready.push(next);
        }
        ready
    }

    /// The log is known to reach up to `seq`.
    pub fn expect(&mut self, seq: u64) {
        self.newest = self.newest.max(seq);
    }

    /// Whether something came, or is known of, that could not go out because something is missing.
    #[must_use]
    pub fn has_gap(&self) -> bool {
        self.position < self.newest
    }

    /// All that went out after `seq`; `None` if that is longer ago than the ring remembers.
    #[must_use]
    pub fn since(&self, seq: u64) -> Option<Vec<Arc<Delivery>>> {
        let missed = usize::try_from(self.position.saturating_sub(seq)).unwrap_or(usize::MAX);
        if missed > self.ring.len() {
            return None;
        }
        Some(self.ring.iter().skip(self.ring.len() - missed).cloned().collect())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proptest::prelude::{Just, Strategy, any, proptest};
    use zvon_protocol::ids::ChatId;
    use zvon_protocol::time::Timestamp;

    use super::{Delivery, Order};

    fn delivery(seq: u64) -> Arc<Delivery> {
        let chat = ChatId("00000000-0000-7000-8000-000000000000".parse().unwrap());
        Arc::new(Delivery { chat, seq, at: Timestamp(0), event: None, aside: None, left: None })
    }

    fn shuffled_with_repeats() -> impl Strategy<Value = Vec<u64>> {
        (1_u64..60).prop_flat_map(|last| {
            let all: Vec<u64> = (1..=last).chain(1..=last / 2).collect();
            Just(all).prop_shuffle()
        })
    }

    proptest! {
        #[test]
        fn whatever_comes_goes_out_dense_and_once(seqs in shuffled_with_repeats()) {
            let mut order = Order::from(0);
            let mut out = Vec::new();
            for seq in &seqs {
                out.extend(order.accept(delivery(*seq)).iter().map(|d| d.seq));
            }
            let last = *seqs.iter().max().unwrap();
            assert_eq!(out, (1..=last).collect::<Vec<_>>());
            assert!(!order.has_gap());
        }

        #[test]
        fn since_gives_exactly_the_rest(last in 1_u64..300, from in any::<u64>()) {
            let mut order = Order::from(0);
            for seq in 1..=last {
                order.accept(delivery(seq));
            }
            let from = from % (last + 1);
            match order.since(from) {
                Some(rest) => {
                    let seqs: Vec<u64> = rest.iter().map(|d| d.seq).collect();
                    assert_eq!(seqs, (from + 1..=last).collect::<Vec<_>>());
                }
                None => assert!(last - from > 128),
            }
        }
    }
}
