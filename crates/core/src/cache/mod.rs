//! The seam to the cache: what was read from the store, kept for whoever asks next.
//!
//! A cache may forget anything at any time, and is never asked whether something is so: what it
//! gives is compared with a version that came from the truth. There are two kinds of versions.
//!
//! * Those of the log. A page of a chat is the messages among 64 places, without their pins and
//!   statuses; such a row never changes, so a page only fills up, and its version is the last place
//!   that it covers. The pins of a chat have the head of the log at which they were read. Nothing
//!   has to be invalidated: who reads knows from the store how far the log is.
//! * Those of the cache itself, for what has no place in a log: [`Cache::version`] is asked before
//!   the store is read, and [`Cache::raise`] makes everything before it worthless.
//!
//! `fill` reads through a cache, once per key and node at a time. The suite of `contract::cache`
//! holds every implementation to this.

mod fill;
mod flight;
pub(crate) mod life;

use std::sync::Arc;

use async_trait::async_trait;

pub(crate) use fill::{Caching, Kind};

/// Most bytes of one value: what is larger is not kept.
pub const VALUE_MAX: usize = 512 * 1024;

/// Something that is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Of several under one key the greatest is the newest.
    pub version: u64,
    /// The value, in whatever shape its writer gave it.
    pub value: Arc<[u8]>,
}

/// A key, and the least version that is of use.
pub type Wanted = (String, u64);

/// Values under keys, each with a version. Never waits long, and fails by having nothing.
#[async_trait]
pub trait Cache: Send + Sync {
    /// What is kept under each key, in the order of the keys: the newest that can be found of at
    /// least the version that is wanted; failing that, perhaps an older one, perhaps nothing.
    async fn get(&self, wanted: &[Wanted]) -> Vec<Option<Entry>>;

    /// Keeps values for about so long. One never takes the place of a newer one, and none is kept
    /// whose key was raised above its version. May return before others see it.
    async fn put(&self, entries: Vec<(String, Entry)>, life: std::time::Duration);

    /// Drops what is kept under these keys: here at once, elsewhere soon, unless that cannot be
    /// reached. It may be put there again.
    async fn forget(&self, keys: &[String]);

    /// The version of what is read of this key from now on; `None` if it cannot be known, and then
    /// nothing of the key may be used. If it was forgotten, a greater one than all before. For a
    /// few keys: they are not forgotten to make room.
    async fn version(&self, key: &str) -> Option<u64>;

    /// Something changed: from the return on every [`Cache::version`] is greater than all that
    /// were given before. Whether it could be said.
    async fn raise(&self, key: &str) -> bool;
}
