//! Values in memory, bounded in bytes. Pure; the time is given.
//!
//! Two halves: what is put or asked for is in the young one. When that is full, it becomes the old
//! one, and what was in the old one, not asked for meanwhile, is dropped. Nothing is sorted and
//! nothing is walked through, whatever it holds.

use std::collections::HashMap;
use std::time::Duration;

use zvon_core::cache::Entry;

/// What a value costs beside its bytes and its key's: maps, counts, allocations.
const OVERHEAD: usize = 160;

/// Values in memory.
pub(super) struct Shelf {
    half: usize,
    bytes: usize,
    young: HashMap<String, Kept>,
    old: HashMap<String, Kept>,
}

#[derive(Clone)]
struct Kept {
    entry: Entry,
    until: Duration,
}

impl Shelf {
    /// Holds about so many bytes.
    pub(super) fn of(bytes: usize) -> Self {
        Self { half: bytes / 2, bytes: 0, young: HashMap::new(), old: HashMap::new() }
    }

    /// What is kept under a key at `now`.
    pub(super) fn get(&mut self, key: &str, now: Duration) -> Option<Entry> {
        if let Some(kept) = self.young.get(key) {
            return (kept.until > now).then(|| kept.entry.clone());
        }
        let (key, kept) = self.old.remove_entry(key)?;
        let entry = (kept.until > now).then(|| kept.entry.clone());
        if entry.is_some() {
            self.insert(key, kept);
        }
        entry
    }

    /// Keeps a value from `now` on, unless a newer one is kept.
    pub(super) fn put(&mut self, key: String, entry: Entry, life: Duration, now: Duration) {
        let known = self.young.get(&key).or_else(|| self.old.get(&key));
        let is_newer = |kept: &&Kept| kept.until > now && kept.entry.version > entry.version;
        if known.filter(is_newer).is_none() {
            self.insert(key, Kept { entry, until: now.saturating_add(life) });
        }
    }

    /// Drops what is kept under a key.
    pub(super) fn remove(&mut self, key: &str) {
        self.old.remove(key);
        if let Some(kept) = self.young.remove(key) {
            self.bytes = self.bytes.saturating_sub(size(key, &kept));
        }
    }

    fn insert(&mut self, key: String, kept: Kept) {
        let more = size(&key, &kept);
        if more > self.half {
            return;
        }
        if self.bytes + more > self.half {
            self.old = std::mem::take(&mut self.young);
            self.bytes = 0;
        }
        self.old.remove(&key);
        self.bytes += more;
        if let Some(before) = self.young.insert(key.clone(), kept) {
            self.bytes = self.bytes.saturating_sub(size(&key, &before));
        }
    }

    #[cfg(test)]
    fn size(&self) -> usize {
        self.young.iter().chain(&self.old).map(|(key, kept)| size(key, kept)).sum()
    }
}

fn size(key: &str, kept: &Kept) -> usize {
    key.len() + kept.entry.value.len() + OVERHEAD
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::{prop, proptest};

    use super::{Duration, Entry, Shelf};

    fn entry(version: u64, size: usize) -> Entry {
        Entry { version, value: vec![7; size].into() }
    }

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn what_is_asked_for_outlives_what_is_not() {
        let mut shelf = Shelf::of(20_000);
        shelf.put("wanted".into(), entry(1, 100), seconds(9), seconds(0));
        shelf.put("unwanted".into(), entry(1, 100), seconds(9), seconds(0));
        for index in 0..1000 {
            shelf.put(index.to_string(), entry(1, 100), seconds(9), seconds(0));
            assert!(shelf.get("wanted", seconds(0)).is_some(), "after {index}");
        }
        assert_eq!(shelf.get("unwanted", seconds(0)), None);
        shelf.put("huge".into(), entry(1, 30_000), seconds(9), seconds(0));
        assert_eq!(shelf.get("huge", seconds(0)), None, "what does not fit is not kept");
        assert!(shelf.get("wanted", seconds(0)).is_some(), "and drives nothing out");
    }

    proptest! {
        /// Against a plain map: never an older version than was put, never what is over, never
        /// more bytes than it may hold.
        #[test]
        fn it_may_forget_but_never_goes_back(
            steps in prop::collection::vec((0_usize..12, 0_u64..20, 0_u64..8, 0_usize..400), 1..400),
        ) {
            let (mut shelf, mut model, mut now) = (Shelf::of(6000), HashMap::new(), 0);
            for (key, version, life, size) in steps {
                now += 1;
                let name = key.to_string();
                let newest = model.get(&key).filter(|(_, until)| *until > now);
                let found = shelf.get(&name, seconds(now));
                if let Some(found) = found {
                    let (newest, _) = newest.expect("it is not over");
                    assert_eq!(found.version, *newest);
                }
                shelf.put(name.clone(), entry(version, size), seconds(life), seconds(now));
                let before = newest.filter(|(before, _)| *before > version);
                // What it forgot it can not hold against an older one: the caller compares.
                if before.is_none() || shelf.get(&name, seconds(now)) == Some(entry(version, size)) {
                    model.insert(key, (version, now + life));
                }
                assert!(shelf.size() <= 6000, "{}", shelf.size());
            }
        }
    }
}
