//! The cache in Redis: one hash per key, with the version beside the value.
//!
//! What is away, slow, of another epoch or not sealed by a node of this cluster is not there. Of a
//! change that was told while Redis failed over the new master may not know: then a list is as
//! old as its life at most.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use zvon_core::cache::{Cache, Entry, Wanted};

use super::seal::Seal;
use crate::redis::{Call, Link, LinkError, Script, read};

/// How long a version is remembered: much longer than anything that is kept under it.
const REMEMBERED: Duration = Duration::from_secs(86_400);

/// The cache in Redis.
pub struct RedisCache {
    link: Arc<Link>,
    seal: Seal,
    put: Script,
    version: Script,
}

impl RedisCache {
    /// Values over that link, sealed like that.
    #[must_use]
    pub fn new(link: Arc<Link>, seal: Seal) -> Self {
        metrics::describe_counter!(
            "zvon_cache_refused_total",
            "Values in Redis that no node of this cluster put there."
        );
        let put = Script::new(include_str!("put.lua"));
        Self { link, seal, put, version: Script::new(include_str!("version.lua")) }
    }

    /// Asks for the version of a key, or raises it.
    async fn ask(&self, key: &str, raise: u8) -> Result<u64, LinkError> {
        let key = format!("{key}:version");
        self.link.eval(&self.version.call(&[&key]).arg(raise).arg(millis(REMEMBERED))).await
    }

    fn open(
        &self,
        key: &str,
        found: (Option<String>, Option<u64>, Option<Vec<u8>>),
    ) -> Option<Entry> {
        let (epoch, version, sealed) = (found.0?, found.1?, found.2?);
        if epoch != self.seal.epoch() {
            return None;
        }
        let entry = self.seal.open(key, version, &sealed);
        if entry.is_none() {
            metrics::counter!("zvon_cache_refused_total").increment(1);
        }
        entry
    }
}

fn millis(life: Duration) -> u64 {
    u64::try_from(life.as_millis()).unwrap_or(u64::MAX).max(1)
}

#[async_trait]
impl Cache for RedisCache {
    async fn get(&self, wanted: &[Wanted]) -> Vec<Option<Entry>> {
        let command = |(key, _): &Wanted| {
            let mut command = redis::cmd("HMGET");
            command.arg(key).arg("e").arg("v").arg("b");
            command
        };
        let commands: Vec<_> = wanted.iter().map(command).collect();
        match self.link.run_all(&commands).await {
            Ok(answers) => {
                let entry = |((key, _), answer): (&Wanted, _)| self.open(key, read(answer).ok()?);
                wanted.iter().zip(answers).map(entry).collect()
            }
            Err(error) => {
                tracing::debug!(%error, "the shared cache is away");
                vec![None; wanted.len()]
            }
        }
    }

    async fn put(&self, entries: Vec<(String, Entry)>, life: Duration) {
        let call = |(key, entry): &(String, Entry)| -> Call {
            let call = self.put.call(&[key]).arg(self.seal.epoch()).arg(entry.version);
            call.arg(self.seal.close(key, entry)).arg(millis(life))
        };
        let calls: Vec<_> = entries.iter().map(call).collect();
        if let Err(error) = self.link.eval_all(&calls).await {
            tracing::debug!(%error, "nothing could be kept in the shared cache");
        }
    }

    async fn forget(&self, keys: &[String]) {
        // A life of nothing: whoever may give lives needs no other right for this.
        let command = |key: &String| {
            let mut command = redis::cmd("PEXPIRE");
            command.arg(key).arg(0);
            command
        };
        let commands: Vec<_> = keys.iter().map(command).collect();
        if let Err(error) = self.link.run_all(&commands).await {
            tracing::debug!(%error, "nothing could be dropped from the shared cache");
        }
    }

    async fn version(&self, key: &str) -> Option<u64> {
        self.ask(key, 0).await.ok()
    }

    async fn raise(&self, key: &str) -> bool {
        self.ask(key, 1).await.is_ok()
    }
}
