//! Leases in Redis: one key with its holder per name, one script. A failover, or a Redis that was
//! emptied, may give a lease to two; that is what fences are for.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use uuid::Uuid;
use zvon_core::lease::{LeaseError, Leases};

use crate::redis::{Link, LinkError, Script};

/// Leases in Redis.
pub struct RedisLeases {
    link: Arc<Link>,
    script: Script,
}

impl RedisLeases {
    /// Leases for the whole cluster.
    #[must_use]
    pub fn new(link: Arc<Link>) -> Self {
        Self { link, script: Script::new(include_str!("lease.lua")) }
    }

    async fn ask(&self, name: &str, holder: Uuid, millis: u64) -> Result<bool, LinkError> {
        let key = format!("zvon:lease:{{{name}}}");
        let call = self.script.call(&[&key]).arg(holder.simple().to_string()).arg(millis);
        self.link.eval(&call).await
    }
}

#[async_trait]
impl Leases for RedisLeases {
    async fn hold(&self, name: &str, holder: Uuid, life: Duration) -> Result<bool, LeaseError> {
        let millis = u64::try_from(life.as_millis()).unwrap_or(u64::MAX).max(1);
        self.ask(name, holder, millis).await.map_err(|error| LeaseError(error.to_string()))
    }

    async fn release(&self, name: &str, holder: Uuid) {
        if let Err(error) = self.ask(name, holder, 0).await {
            tracing::debug!(%error, name, "a lease ends by itself");
        }
    }

    fn are_shared(&self) -> bool {
        true
    }
}
