//! One exact sliding window: the times of what was allowed in it. Pure; the time is given.

use std::collections::VecDeque;
use std::time::Duration;

use zvon_core::limiter::{Decision, Window};

/// The log of one subject in one class.
#[derive(Debug, Default)]
pub(super) struct Log(VecDeque<Duration>);

impl Log {
    /// Decides at `now`, a time that does not go back.
    pub(super) fn decide(&mut self, now: Duration, window: Window) -> Decision {
        while self.0.front().is_some_and(|at| *at + window.length <= now) {
            self.0.pop_front();
        }
        let used = u32::try_from(self.0.len()).unwrap_or(u32::MAX);
        match (used < window.limit, self.0.front()) {
            (false, Some(oldest)) => {
                let retry_after = (*oldest + window.length).saturating_sub(now);
                Decision::Refused { retry_after: retry_after.max(Duration::from_millis(1)) }
            }
            _ => {
                self.0.push_back(now);
                Decision::Allowed { remaining: window.limit - used - 1 }
            }
        }
    }

    /// Whether nothing in it counts any more.
    pub(super) fn is_over(&self, now: Duration, length: Duration) -> bool {
        self.0.back().is_none_or(|at| *at + length <= now)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{prop, proptest};

    use super::{Decision, Duration, Log, Window};

    const LENGTH: Duration = Duration::from_millis(1000);

    fn millis(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    #[test]
    fn a_window_ends_exactly_one_length_after_what_it_counts() {
        let window = Window { limit: 2, length: LENGTH };
        let mut log = Log::default();
        assert_eq!(log.decide(millis(0), window), Decision::Allowed { remaining: 1 });
        assert_eq!(log.decide(millis(400), window), Decision::Allowed { remaining: 0 });
        let refused = |after| Decision::Refused { retry_after: millis(after) };
        assert_eq!(log.decide(millis(400), window), refused(600));
        assert_eq!(log.decide(millis(999), window), refused(1));
        assert_eq!(log.decide(millis(1000), window), Decision::Allowed { remaining: 0 });
        assert_eq!(log.decide(millis(1000), window), refused(400));
        assert!(!log.is_over(millis(1999), LENGTH));
        assert!(log.is_over(millis(2000), LENGTH));
    }

    proptest! {
        #[test]
        fn no_window_holds_more_and_nobody_is_refused_without_need(
            steps in prop::collection::vec(0_u64..400, 1..200),
            limit in 1_u32..6,
        ) {
            let window = Window { limit, length: LENGTH };
            let (mut log, mut now, mut allowed) = (Log::default(), 0, Vec::new());
            for step in steps {
                now += step;
                let in_window: Vec<u64> =
                    allowed.iter().copied().filter(|at| at + 1000 > now).collect();
                match log.decide(millis(now), window) {
                    Decision::Allowed { remaining } => {
                        allowed.push(now);
                        assert_eq!(in_window.len() as u32 + 1 + remaining, limit);
                    }
                    Decision::Refused { retry_after } => {
                        assert_eq!(in_window.len() as u32, limit);
                        assert_eq!(retry_after, millis(in_window[0] + 1000 - now));
                    }
                }
                assert!(log.0.len() <= limit as usize, "it is no longer than its limit");
            }
        }
    }
}
