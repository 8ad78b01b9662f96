//! Counters, for metrics.

use std::sync::atomic::{AtomicU64, Ordering};

/// One number.
#[derive(Debug, Default)]
pub struct Count(AtomicU64);

impl Count {
    /// What it is.
    #[must_use]
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    pub(crate) fn add(&self, more: usize) {
        self.0.fetch_add(more as u64, Ordering::Relaxed);
    }

    pub(crate) fn take(&self, less: usize) {
        self.0.fetch_sub(less as u64, Ordering::Relaxed);
    }
}

/// One's part of a number that has several; it takes it along when it goes.
#[derive(Debug)]
pub(crate) struct Raised<'a> {
    count: &'a Count,
    by: usize,
}

impl<'a> Raised<'a> {
    pub(crate) fn by(count: &'a Count, by: usize) -> Self {
        count.add(by);
        Self { count, by }
    }

    pub(crate) fn set(&mut self, by: usize) {
        self.count.add(by);
        self.count.take(std::mem::replace(&mut self.by, by));
    }
}

impl Drop for Raised<'_> {
    fn drop(&mut self) {
        self.count.take(self.by);
    }
}

/// What has happened since the start. All only grow, but for the four at the end.
#[derive(Debug, Default)]
pub struct Stats {
    /// Messages that Redis has taken.
    pub published: Count,
    /// The bytes of their payloads.
    pub published_bytes: Count,
    /// Messages that were dropped because the queue to Redis was full: the oldest.
    pub dropped_full: Count,
    /// Messages that were dropped because they had waited too long for Redis.
    pub dropped_late: Count,
    /// Messages that were under way when the connection went; nobody knows whether they arrived.
    pub lost: Count,
    /// Messages that Redis refused, or that no server of a cluster would take.
    pub refused: Count,
    /// Messages that could not be encoded: a client's attachments beside a number beyond all
    /// bounds.
    pub unencodable: Count,
    /// Messages that came, this node's own among them.
    pub received: Count,
    /// Messages that came and were this node's own.
    pub echoes: Count,
    /// Messages for rooms that are empty here, or of a server that its channel has left.
    pub unwanted: Count,
    /// Messages that were dropped because too many waited to be handled.
    pub overrun: Count,
    /// Messages that came and were none.
    pub garbage: Count,
    /// Messages of a type that means nothing here.
    pub unknown: Count,
    /// Connections that were made to Redis.
    pub dials: Count,
    /// Attempts that failed.
    pub failed_dials: Count,
    /// Times when Redis knew of other subscriptions than it should have.
    pub astray: Count,
    /// Of the two connections to Redis (one publishes, one listens), or to each master of a
    /// cluster, how many stand.
    pub connected: Count,
    /// Channels that are subscribed.
    pub subscriptions: Count,
    /// Bytes that wait for Redis.
    pub queued_bytes: Count,
    /// Bytes that came and wait to be handled.
    pub waiting_bytes: Count,
}
