//! Leases in memory: of one process, lost with it.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use parking_lot::Mutex;
use uuid::Uuid;
use zvon_core::lease::{LeaseError, Leases};

/// Leases in memory.
#[derive(Default)]
pub struct MemoryLeases(Mutex<HashMap<String, (Uuid, Instant)>>);

#[async_trait]
impl Leases for MemoryLeases {
    async fn hold(&self, name: &str, holder: Uuid, life: Duration) -> Result<bool, LeaseError> {
        let (mut all, now) = (self.0.lock(), Instant::now());
        if all.get(name).is_some_and(|(other, end)| *other != holder && *end > now) {
            return Ok(false);
        }
        all.insert(name.to_owned(), (holder, now + life));
        Ok(true)
    }

    async fn release(&self, name: &str, holder: Uuid) {
        let mut all = self.0.lock();
        if all.get(name).is_some_and(|(of, _)| *of == holder) {
            all.remove(name);
        }
    }

    fn are_shared(&self) -> bool {
        false
    }
}
