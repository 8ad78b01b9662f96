//! Rate limits in Redis: one list of times per subject and class, one script per decision.
//!
//! The clock is Redis', so nodes need not agree on the time; a refused call writes nothing; a
//! list dies with its window. While Redis is away each node allows its share of the limit, one at
//! least, so the cluster stays near it; that holds for sign-ins as well, since locking everybody
//! out would be worse. A failover may lose counts: then a window holds at most twice the limit.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use zvon_core::limiter::{Decision, Limiter, Window};
use zvon_core::node::Nodes;

use super::MemoryLimiter;
use crate::redis::{Link, LinkError, Script};

/// Rate limits in Redis.
pub struct RedisLimiter {
    link: Arc<Link>,
    nodes: Arc<dyn Nodes>,
    script: Script,
    share: MemoryLimiter,
}

impl RedisLimiter {
    /// Limits for the whole cluster; `nodes` says by how many to divide them when Redis is away.
    #[must_use]
    pub fn new(link: Arc<Link>, nodes: Arc<dyn Nodes>) -> Self {
        let script = Script::new(include_str!("window.lua"));
        Self { link, nodes, script, share: MemoryLimiter::default() }
    }

    async fn ask(&self, key: &str, window: Window) -> Result<Decision, LinkError> {
        let length = u64::try_from(window.length.as_millis()).unwrap_or(u64::MAX);
        let call = self.script.call(&[key]).arg(window.limit).arg(length);
        let (allowed, number): (bool, u64) = self.link.eval(&call).await?;
        if allowed {
            return Ok(Decision::Allowed { remaining: u32::try_from(number).unwrap_or(u32::MAX) });
        }
        let retry_after = Duration::from_micros(number).max(Duration::from_millis(1));
        Ok(Decision::Refused { retry_after })
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
        match self.ask(&format!("rate:{{{subject}}}:{class}"), window).await {
            Ok(decision) => decision,
            Err(error) => {
                tracing::debug!(%error, "a limit is kept by this node alone");
                metrics::counter!("zvon_limiter_alone_total").increment(1);
                let limit = share(window.limit, self.nodes.count());
                self.share.check(subject, class, Window { limit, ..window }).await
            }
        }
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
