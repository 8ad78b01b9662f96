//! Rate limits in Redis: one list of times per subject and class, one script per decision.
//!
//! The clock is Redis', so nodes need not agree on the time; a refused call writes nothing; a
//! list dies with its window. While Redis is away each node allows its share of the limit, one at
//! least, so the cluster stays near it; that holds for sign-ins as well, since locking everybody
//! out would be worse.
//!
//! A window in which Redis fails, loses what it knew, or comes apart holds at most twice the limit:
//!
//! * what a node allowed by itself it tells when Redis is back ([`told`](super::told)), and goes on by
//!   itself until the others will have told, too;
//! * a master that was cut off takes no writes any more, but what it knows still counts.

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use metrics::counter;
use tokio::task::JoinHandle;
use zvon_core::limiter::{Decision, Limiter, Window};
use zvon_core::node::Nodes;

use super::MemoryLimiter;
use super::told::{Allowed, tell};
use crate::redis::{Link, LinkError, Queue, Script};

/// For so long after Redis is back a node goes on by itself. The others look for it every second and
/// a bit, and a look may take half of one.
const SETTLE: Duration = Duration::from_millis(2500);

/// Most bytes that wait to be told.
const MOST: usize = 4 << 20;

/// Rate limits in Redis. Made within a runtime.
pub struct RedisLimiter {
    link: Arc<Link>,
    nodes: Arc<dyn Nodes>,
    script: Script,
    share: MemoryLimiter,
    owed: Arc<Queue<Allowed>>,
    teller: JoinHandle<()>,
}

/// What Redis says of a call.
enum Answer {
    Decided(Decision),
    /// It can count no more, but knows of so many, and when it will be one less.
    Known(u32, Duration),
}

impl Drop for RedisLimiter {
    fn drop(&mut self) {
        self.teller.abort();
    }
}

impl RedisLimiter {
    /// Limits for the whole cluster; `nodes` says by how many to divide them when Redis is away.
    #[must_use]
    pub fn new(link: Arc<Link>, nodes: Arc<dyn Nodes>) -> Self {
        let script = Script::new(include_str!("window.lua"));
        let owed = Arc::new(Queue::new(MOST, counter!("zvon_limiter_untold_total")));
        let teller = tokio::spawn(tell(Arc::clone(&link), Arc::clone(&owed)));
        Self { link, nodes, script, share: MemoryLimiter::default(), owed, teller }
    }

    async fn ask(&self, key: &str, window: Window) -> Result<Answer, LinkError> {
        let health = self.link.health();
        if health.again && health.up && health.since.elapsed() < SETTLE {
            return Err(LinkError::Away);
        }
        let length = u64::try_from(window.length.as_millis()).unwrap_or(u64::MAX);
        let call = self.script.call(&[key]).arg(window.limit).arg(length);
        let answer: Vec<u64> = self.link.eval(&call).await?;
        let count = |number: u64| u32::try_from(number).unwrap_or(u32::MAX);
        let wait = |micros| Duration::from_micros(micros).max(Duration::from_millis(1));
        Ok(match answer[..] {
            [1, left] => Answer::Decided(Decision::Allowed { remaining: count(left) }),
            [0, micros] => Answer::Decided(Decision::Refused { retry_after: wait(micros) }),
            [2, used, micros] => Answer::Known(count(used), wait(micros)),
            _ => return Err(LinkError::Refused("no answer of the script".to_owned())),
        })
    }

    /// Decides without Redis, of which is known that it counted so many, and for how long.
    async fn alone(
        &self,
        (subject, class, key): (&str, &'static str, String),
        window: Window,
        (used, wait): (u32, Duration),
    ) -> Decision {
        counter!("zvon_limiter_alone_total").increment(1);
        let limit = share(window.limit, self.nodes.count()).saturating_sub(used);
        if limit == 0 {
            return Decision::Refused { retry_after: wait };
        }
        let decision = self.share.check(subject, class, Window { limit, ..window }).await;
        if matches!(decision, Decision::Allowed { .. }) {
            self.owed.put(Allowed { key, at: Instant::now(), length: window.length });
        }
        decision
    }
}

/// A node's share of a limit.
fn share(limit: u32, nodes: usize) -> u32 {
    let nodes = u32::try_from(nodes).unwrap_or(u32::MAX).max(1);
    (limit / nodes).max(1)
}

#[async_trait]
impl Limiter for RedisLimiter {
    async fn check(&self, subject: &str, class: &'static str, window: Window) -> Decision {
        if window.limit == 0 {
            return Decision::Allowed { remaining: u32::MAX };
        }
        let key = format!("rate:{{{subject}}}:{class}");
        let known = match self.ask(&key, window).await {
            Ok(Answer::Decided(decision)) => return decision,
            Ok(Answer::Known(used, wait)) => (used, wait),
            Err(error) => {
                tracing::debug!(%error, "a limit is kept by this node alone");
                (0, Duration::ZERO)
            }
        };
        self.alone((subject, class, key), window, known).await
    }
}

#[cfg(test)]
mod tests {
    use super::share;

    #[test]
    fn shares_add_up_to_no_more_than_the_limit_unless_it_is_smaller_than_the_cluster() {
        assert_eq!([share(10, 0), share(10, 1), share(10, 3), share(10, 11)], [10, 10, 3, 1]);
    }
}
