//! A cache in memory: one node's, lost with it.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use parking_lot::Mutex;
use zvon_core::cache::{Cache, Entry, Wanted};

use super::shelf::Shelf;

/// A cache in memory.
pub struct MemoryCache {
    start: Instant,
    shelf: Mutex<Shelf>,
    versions: Mutex<HashMap<String, u64>>,
}

impl MemoryCache {
    /// Holds about so many bytes.
    #[must_use]
    pub fn of(bytes: usize) -> Self {
        let shelf = Mutex::new(Shelf::of(bytes));
        Self { start: Instant::now(), shelf, versions: Mutex::default() }
    }

    pub(super) fn one(&self, key: &str) -> Option<Entry> {
        self.shelf.lock().get(key, self.start.elapsed())
    }

    pub(super) fn keep(&self, key: String, entry: Entry, life: Duration) {
        self.shelf.lock().put(key, entry, life, self.start.elapsed());
    }
}

#[async_trait]
impl Cache for MemoryCache {
    async fn get(&self, wanted: &[Wanted]) -> Vec<Option<Entry>> {
        wanted.iter().map(|(key, _)| self.one(key)).collect()
    }

    async fn put(&self, entries: Vec<(String, Entry)>, life: Duration) {
        for (key, entry) in entries {
            self.keep(key, entry, life);
        }
    }

    async fn forget(&self, keys: &[String]) {
        let mut shelf = self.shelf.lock();
        keys.iter().for_each(|key| shelf.remove(key));
    }

    async fn version(&self, key: &str) -> Option<u64> {
        Some(*self.versions.lock().entry(key.to_owned()).or_insert(1))
    }

    async fn raise(&self, key: &str) -> bool {
        *self.versions.lock().entry(key.to_owned()).or_insert(1) += 1;
        true
    }
}
