//! Rate limits in memory: one node's, lost with it.
//!
//! Windows follow a monotonic clock: a step of the wall clock neither gives quota away nor locks
//! anybody out. Memory is bounded by those who were active in the last window.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use parking_lot::Mutex;
use zvon_core::limiter::{Decision, Limiter, Window};

use super::window::Log;

/// How many logs there may be before those that are over are dropped.
const TIDY: usize = 4096;

type Key = (&'static str, String);

/// Rate limits in memory.
pub struct MemoryLimiter {
    start: Instant,
    logs: Mutex<Logs>,
}

struct Logs {
    all: HashMap<Key, (Log, Duration)>,
    tidy_at: usize,
}

impl Default for MemoryLimiter {
    fn default() -> Self {
        let logs = Logs { all: HashMap::new(), tidy_at: TIDY };
        Self { start: Instant::now(), logs: Mutex::new(logs) }
    }
}

#[async_trait]
impl Limiter for MemoryLimiter {
    async fn check(&self, subject: &str, class: &'static str, window: Window) -> Decision {
        if window.limit == 0 {
            return Decision::Allowed { remaining: u32::MAX };
        }
        let mut logs = self.logs.lock();
        // Read under the lock, so that times in a log do not go back.
        let now = self.start.elapsed();
        if logs.all.len() >= logs.tidy_at {
            logs.all.retain(|_, (log, length)| !log.is_over(now, *length));
            logs.tidy_at = (logs.all.len() * 2).max(TIDY);
        }
        let (log, length) = logs.all.entry((class, subject.to_owned())).or_default();
        *length = window.length;
        log.decide(now, window)
    }
}
