//! When a batch leaves.
//!
//! A commit costs the database as much as several messages. Where many come, a batch so waits until
//! some time has passed since the one before it, and takes along what comes meanwhile. What is
//! alone, or among few, never waits; nor does a batch that nobody joins any more, because its
//! senders wait for their answers first. Called by a lane, with what it knows of its queue.

use std::time::Duration;

use tokio::time::Instant;

/// Waiting is worth while from so many messages on that come in its time.
const WORTH: f64 = 12.0;
/// A batch of so many waits for no more.
const FULL: usize = 64;
/// Over how long it is counted how many come.
const WINDOW: Duration = Duration::from_millis(100);
/// Between two looks at who came.
const STEP: Duration = Duration::from_millis(2);

/// The pace of a lane.
pub(super) struct Pace {
    /// Least time between two batches where many come.
    apart: Duration,
    /// When the last batch left.
    left: Instant,
    /// Since when how many came.
    counted: (Instant, usize),
    /// Whether many come.
    busy: bool,
}

impl Pace {
    /// Nothing came yet.
    pub(super) fn new(apart: Duration) -> Self {
        let now = Instant::now();
        Self { apart, left: now, counted: (now, 0), busy: false }
    }

    /// Waits until a batch leaves. It begins with `size` messages; `more` takes what has come
    /// since, and says how many it has then.
    pub(super) async fn gather(&mut self, mut size: usize, mut more: impl FnMut() -> usize) {
        while size < FULL
            && let Some(wait) = self.wait(Instant::now())
        {
            tokio::time::sleep(wait).await;
            let joined = more();
            if joined == size {
                break;
            }
            size = joined;
        }
        self.leave(Instant::now(), size);
    }

    fn wait(&self, now: Instant) -> Option<Duration> {
        let left = self.apart.saturating_sub(now - self.left);
        (self.busy && !left.is_zero()).then(|| left.min(STEP))
    }

    fn leave(&mut self, now: Instant, size: usize) {
        self.left = now;
        let (since, count) = (self.counted.0, self.counted.1 + size);
        let time = now - since;
        self.counted = (since, count);
        if time >= WINDOW {
            let each_time = count as f64 * self.apart.as_secs_f64() / time.as_secs_f64();
            self.busy = each_time >= WORTH;
            self.counted = (now, 0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Duration, Instant, Pace};

    const APART: Duration = Duration::from_millis(10);

    /// Sends one message every `every` for a second, with a commit of a millisecond; how many
    /// batches it took in its second half, and the longest wait there.
    async fn run(every: Duration) -> (u32, Duration) {
        let (mut pace, begun, mut taken) = (Pace::new(APART), Instant::now(), 0);
        let (mut batches, mut longest) = (0, Duration::ZERO);
        let due = |now: Instant| (now - begun).as_micros() / every.as_micros();
        while begun.elapsed() < Duration::from_secs(1) {
            if due(Instant::now()) <= taken {
                tokio::time::sleep(Duration::from_micros(100)).await;
                continue;
            }
            let (first, came) = (Instant::now(), taken);
            let size = usize::try_from(due(first) - came).unwrap();
            pace.gather(size, || usize::try_from(due(Instant::now()) - came).unwrap()).await;
            taken = due(Instant::now());
            if begun.elapsed() > Duration::from_millis(500) {
                batches += 1;
                longest = longest.max(first.elapsed());
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        (batches, longest)
    }

    #[tokio::test(start_paused = true)]
    async fn many_wait_for_each_other_and_few_for_nobody() {
        let (batches, longest) = run(Duration::from_micros(500)).await;
        assert!((40..=60).contains(&batches) && longest <= APART, "{batches} {longest:?}");
        let (batches, longest) = run(Duration::from_millis(2)).await;
        assert!(batches >= 160 && longest.is_zero(), "{batches} {longest:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_batch_that_nobody_joins_leaves() {
        let mut pace = Pace::new(APART);
        for _ in 0..40 {
            pace.gather(50, || 50).await;
            tokio::time::sleep(Duration::from_millis(3)).await;
        }
        assert!(pace.busy);
        let begun = Instant::now();
        pace.gather(50, || 50).await;
        assert!(begun.elapsed() <= Duration::from_millis(2));
        // And who comes after a silence finds nobody to wait for.
        tokio::time::sleep(Duration::from_secs(1)).await;
        let begun = Instant::now();
        pace.gather(1, || 1).await;
        assert!(begun.elapsed().is_zero());
    }
}
