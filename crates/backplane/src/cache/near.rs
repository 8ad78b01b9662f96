//! A node's own memory in front of a cache that nodes share.
//!
//! What is new enough here asks nobody. Versions are always asked for behind, so a change that one
//! node tells is known on all; what could not be told is told before the next version is asked
//! for. Values are handed on by a task, of which there are few: what is too much is not shared.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use parking_lot::Mutex;
use tokio::sync::Semaphore;
use zvon_core::cache::{Cache, Entry, Wanted};

use super::memory::MemoryCache;

/// How long what others kept is kept here: their life of it may be nearly over.
const COPIED: Duration = Duration::from_secs(60);

/// Most writes under way.
const WRITES: usize = 64;

/// Memory in front of a shared cache.
pub struct NearCache {
    near: MemoryCache,
    far: Arc<dyn Cache>,
    writes: Arc<Semaphore>,
    /// Changes that could not be told.
    owed: Mutex<HashSet<String>>,
}

impl NearCache {
    /// About so many bytes in front of `far`.
    #[must_use]
    pub fn new(bytes: usize, far: Arc<dyn Cache>) -> Self {
        let writes = Arc::new(Semaphore::new(WRITES));
        Self { near: MemoryCache::of(bytes), far, writes, owed: Mutex::default() }
    }
}

#[async_trait]
impl Cache for NearCache {
    async fn get(&self, wanted: &[Wanted]) -> Vec<Option<Entry>> {
        let mut found: Vec<_> = wanted.iter().map(|(key, _)| self.near.one(key)).collect();
        let is_old = |index: &usize| {
            let (found, (_, least)) = (&found[*index], &wanted[*index]);
            found.as_ref().is_none_or(|found| found.version < *least)
        };
        let missing: Vec<usize> = (0..wanted.len()).filter(is_old).collect();
        if missing.is_empty() {
            return found;
        }
        let asked: Vec<_> = missing.iter().map(|index| wanted[*index].clone()).collect();
        let answers = self.far.get(&asked).await;
        for ((index, (key, _)), answer) in missing.into_iter().zip(asked).zip(answers) {
            let Some(answer) = answer else { continue };
            if found[index].as_ref().is_none_or(|near| near.version < answer.version) {
                self.near.keep(key, answer.clone(), COPIED);
                found[index] = Some(answer);
            }
        }
        found
    }

    async fn put(&self, entries: Vec<(String, Entry)>, life: Duration) {
        for (key, entry) in &entries {
            self.near.keep(key.clone(), entry.clone(), life);
        }
        let Ok(permit) = Arc::clone(&self.writes).try_acquire_owned() else { return };
        let far = Arc::clone(&self.far);
        tokio::spawn(async move {
            far.put(entries, life).await;
            drop(permit);
        });
    }

    async fn forget(&self, keys: &[String]) {
        self.near.forget(keys).await;
        self.far.forget(keys).await;
    }

    async fn version(&self, key: &str) -> Option<u64> {
        let owed = self.owed.lock().contains(key);
        if owed && !self.raise(key).await {
            return None;
        }
        self.far.version(key).await
    }

    async fn raise(&self, key: &str) -> bool {
        self.owed.lock().insert(key.to_owned());
        let told = self.far.raise(key).await;
        if told {
            self.owed.lock().remove(key);
        }
        told
    }
}
