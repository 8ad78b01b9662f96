//! When to stop asking. Pure; the time is given.

use std::time::{Duration, Instant};

/// Failures in a row that open it.
const MOST: u32 = 5;

/// How long it stays open at least.
const REST: Duration = Duration::from_secs(1);

/// Closed, calls go out. After [`MOST`] failures in a row it is open: calls fail at once. When its
/// rest is over one attempt is due (it is half open); that decides.
#[derive(Debug, Default)]
pub(super) struct Breaker {
    failures: u32,
    open_until: Option<Instant>,
}

impl Breaker {
    /// Whether calls may go out.
    pub(super) fn is_closed(&self) -> bool {
        self.open_until.is_none()
    }

    /// When the next attempt is due; `None` if it is closed.
    pub(super) fn due(&self) -> Option<Instant> {
        self.open_until
    }

    /// A call, or the attempt, had an answer.
    pub(super) fn succeeded(&mut self) {
        *self = Self::default();
    }

    /// A call, or the attempt, failed. Whether it opens now. A late failure of a call does not
    /// lengthen the rest.
    pub(super) fn failed(&mut self, now: Instant, jitter: Duration) -> bool {
        self.failures = self.failures.saturating_add(1);
        let was_open = self.open_until.is_some();
        if self.failures >= MOST && self.open_until.is_none_or(|until| until <= now) {
            self.open_until = Some(now + REST + jitter);
        }
        !was_open && self.open_until.is_some()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop, proptest};

    use super::{Breaker, Duration, Instant, MOST, REST};

    #[test]
    fn it_opens_rests_and_is_decided_by_one_attempt() {
        let (mut breaker, now, jitter) = (Breaker::default(), Instant::now(), REST / 10);
        assert_eq!((1..MOST).filter(|_| breaker.failed(now, jitter)).count(), 0);
        assert!(breaker.is_closed());
        assert!(breaker.failed(now, jitter), "it opens");
        assert_eq!(breaker.due(), Some(now + REST + jitter));
        assert!(!breaker.failed(now + REST / 2, jitter), "a straggler");
        assert_eq!(breaker.due(), Some(now + REST + jitter));
        let later = now + REST + jitter;
        breaker.failed(later, Duration::ZERO);
        assert_eq!(breaker.due(), Some(later + REST), "the attempt failed");
        breaker.succeeded();
        assert!(breaker.is_closed() && !breaker.failed(later, jitter));
    }

    proptest! {
        #[test]
        fn it_is_open_only_after_failures_in_a_row(calls in prop::collection::vec(any::<bool>(), 0..60)) {
            let (mut breaker, now, mut row) = (Breaker::default(), Instant::now(), 0);
            for ok in calls {
                if ok { breaker.succeeded() } else { breaker.failed(now, Duration::ZERO); }
                row = if ok { 0 } else { row + 1 };
                assert_eq!(breaker.is_closed(), row < MOST);
            }
        }
    }
}
