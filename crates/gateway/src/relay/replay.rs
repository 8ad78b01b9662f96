//! Sees that no claim is taken twice, in bounded memory.
//!
//! A node numbers its claims. Of each sender a window of the last 65 536 numbers is kept, as one
//! bit each: a number in it is taken once, one before it never. A sender is forgotten when claims
//! of the time at which it was last heard are refused for their age. Only what is signed gets here,
//! so nobody but a node of the cluster can make it remember anything.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use zvon_socketio::NodeId;

/// How many numbers of a sender are told apart.
const WIDTH: u64 = 1 << 16;
const WORDS: usize = (WIDTH / 64) as usize;
/// Most senders: more than a cluster has nodes, also when they all start again.
const SENDERS: usize = 1024;
/// By how much the clocks of nodes may differ, and a claim be late.
pub(super) const SKEW: Duration = Duration::from_secs(30);

/// What was seen of all senders.
#[derive(Default)]
pub(super) struct Seen(HashMap<NodeId, Sender>);

struct Sender {
    window: Window,
    heard: Instant,
}

impl Seen {
    /// Whether a claim is the first of its number.
    pub(super) fn is_first(&mut self, sender: &NodeId, number: u64, now: Instant) -> bool {
        if !self.0.contains_key(sender) && self.0.len() >= SENDERS {
            self.0.retain(|_, sender| now.duration_since(sender.heard) <= SKEW * 2);
            if self.0.len() >= SENDERS {
                return false;
            }
        }
        let fresh = || Sender { window: Window::default(), heard: now };
        let sender = self.0.entry(sender.clone()).or_insert_with(fresh);
        sender.heard = now;
        sender.window.take(number)
    }
}

/// Which of the last numbers were taken.
struct Window {
    top: u64,
    bits: Box<[u64; WORDS]>,
}

impl Default for Window {
    fn default() -> Self {
        Self { top: 0, bits: Box::new([0; WORDS]) }
    }
}

impl Window {
    /// Takes a number, once.
    fn take(&mut self, number: u64) -> bool {
        if number > self.top {
            if number - self.top >= WIDTH {
                self.bits.fill(0);
            } else {
                for passed in self.top + 1..=number {
                    let (word, bit) = place(passed);
                    self.bits[word] &= !bit;
                }
            }
            self.top = number;
        } else if self.top - number >= WIDTH {
            return false;
        }
        let (word, bit) = place(number);
        let first = self.bits[word] & bit == 0;
        self.bits[word] |= bit;
        first
    }
}

fn place(number: u64) -> (usize, u64) {
    let at = number % WIDTH;
    ((at / 64) as usize, 1 << (at % 64))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::time::{Duration, Instant};

    use proptest::prelude::*;

    use super::{NodeId, SENDERS, SKEW, Seen, WIDTH, Window};

    fn steps() -> impl Strategy<Value = Vec<u64>> {
        let near = 0..200_u64;
        let far = 0..4 * WIDTH;
        prop::collection::vec(prop_oneof![8 => near, 2 => far, 1 => any::<u64>()], 1..300)
    }

    proptest! {
        #[test]
        fn takes_each_number_of_the_window_once_and_none_before_it(numbers in steps()) {
            let (mut window, mut taken, mut top) = (Window::default(), HashSet::new(), 0);
            for number in numbers {
                let expected = (number > top || top - number < WIDTH) && !taken.contains(&number);
                prop_assert_eq!(window.take(number), expected, "{} of {}", number, top);
                if expected {
                    taken.insert(number);
                }
                top = top.max(number);
            }
        }
    }

    #[test]
    fn senders_are_bounded_and_forgotten_when_their_claims_are_too_old() {
        let (mut seen, start) = (Seen::default(), Instant::now());
        let nodes: Vec<NodeId> =
            (0..=SENDERS).map(|n| format!("{n:08}").parse().unwrap()).collect();
        for node in &nodes[..SENDERS] {
            assert!(seen.is_first(node, 1, start));
            assert!(!seen.is_first(node, 1, start));
        }
        let last = &nodes[SENDERS];
        assert!(!seen.is_first(last, 1, start + SKEW * 2), "there is no room");
        assert!(seen.is_first(last, 1, start + SKEW * 2 + Duration::from_millis(1)));
        assert_eq!(seen.0.len(), 1);
    }
}
