//! The most that there were of something lately. Pure; the time is given.

use std::time::{Duration, Instant};

/// How long is lately, at least; at most three times that.
const LATELY: Duration = Duration::from_secs(60);

/// The most of what was noted in this span of time, and in the one before.
#[derive(Debug, Default)]
pub(super) struct Most {
    since: Option<Instant>,
    now: usize,
    before: usize,
}

impl Most {
    /// So many there are at that time, which does not go back.
    pub(super) fn note(&mut self, now: Instant, count: usize) {
        let age = self.since.map_or(LATELY * 2, |since| now.duration_since(since));
        if age >= LATELY {
            self.before = if age < LATELY * 2 { self.now } else { 0 };
            (self.since, self.now) = (Some(now), 0);
        }
        self.now = self.now.max(count);
    }

    /// The most. Without a note it stays what it was.
    pub(super) fn get(&self) -> usize {
        self.now.max(self.before)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{prop, proptest};

    use super::{Duration, Instant, LATELY, Most};

    proptest! {
        #[test]
        fn it_is_the_most_of_one_to_three_minutes(
            steps in prop::collection::vec((0_u64..90, 1_usize..9), 1..40),
        ) {
            let (mut most, start, mut now, mut all) = (Most::default(), Instant::now(), 0, Vec::new());
            for (seconds, count) in steps {
                now += seconds;
                most.note(start + Duration::from_secs(now), count);
                all.push((now, count));
                let within = |span: Duration| {
                    let young = all.iter().filter(|(at, _)| now - at < span.as_secs());
                    young.map(|(_, count)| *count).max().unwrap_or(0)
                };
                assert!(within(LATELY) <= most.get() && most.get() <= within(LATELY * 3));
            }
        }
    }
}
