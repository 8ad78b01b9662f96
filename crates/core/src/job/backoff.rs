//! How long to wait before the next try. Pure.

use std::time::Duration;

/// Waits that double from the first to the longest, each half fixed and half by chance, so that
/// those who failed together do not come back together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    /// About how long after the first failure.
    pub first: Duration,
    /// The longest.
    pub longest: Duration,
}

impl Backoff {
    /// The wait after so many failures, of which there is at least one; `chance` is any number.
    #[must_use]
    pub fn after(self, failures: u32, chance: u64) -> Duration {
        let doubled = 1_u32.checked_shl(failures.saturating_sub(1)).unwrap_or(u32::MAX);
        let whole = self.first.saturating_mul(doubled).min(self.longest);
        let share = (chance % 1024) as u32;
        whole / 2 + (whole / 2 * share) / 1023
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::{any, prop_assert, proptest};

    use super::Backoff;

    const BACKOFF: Backoff =
        Backoff { first: Duration::from_millis(100), longest: Duration::from_secs(30) };

    #[test]
    fn waits_double_up_to_the_longest() {
        let longest = |failures| BACKOFF.after(failures, 1023).as_millis();
        let waits = [1, 2, 3, 9, 10, 11, 32, 33, u32::MAX].map(longest);
        assert_eq!(waits, [100, 200, 400, 25_600, 30_000, 30_000, 30_000, 30_000, 30_000]);
    }

    proptest! {
        #[test]
        fn chance_takes_at_most_half(failures in 1_u32..100, chance in any::<u64>()) {
            let (wait, whole) = (BACKOFF.after(failures, chance), BACKOFF.after(failures, 1023));
            prop_assert!(wait >= whole / 2 && wait <= whole);
        }
    }
}
