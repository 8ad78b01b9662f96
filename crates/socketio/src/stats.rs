//! Counters, for metrics.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::engine::mailbox::Pushed;

/// What has happened since the start. All counts only grow, but for `connections`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Live connections.
    pub connections: u64,
    /// Handshakes that made a session.
    pub handshakes: u64,
    /// Requests refused with an error code.
    pub refused: u64,
    /// Upgrades from polling to WebSocket.
    pub upgrades: u64,
    /// Volatile packets dropped because a queue was filling.
    pub dropped_volatile: u64,
    /// Connections closed because their queue was full.
    pub overflows: u64,
    /// Packets taken in.
    pub packets_in: u64,
    /// Packets queued to connections.
    pub packets_out: u64,
    /// Writes to WebSockets; fewer than packets when several wait.
    pub writes: u64,
}

/// The live connections at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Census {
    /// Carried by long-polling.
    pub polling: u64,
    /// Carried by a WebSocket.
    pub websocket: u64,
    /// Bytes that wait in their queues.
    pub waiting_bytes: u64,
    /// Bytes that wait in the fullest queue.
    pub most_waiting: u64,
}

/// The packets of one connection so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Taken in.
    pub packets_in: u64,
    /// Queued to it.
    pub packets_out: u64,
}

#[derive(Default)]
pub(crate) struct Counters {
    pub(crate) connections: AtomicU64,
    pub(crate) handshakes: AtomicU64,
    pub(crate) refused: AtomicU64,
    pub(crate) upgrades: AtomicU64,
    pub(crate) dropped_volatile: AtomicU64,
    pub(crate) overflows: AtomicU64,
    pub(crate) packets_in: AtomicU64,
    pub(crate) packets_out: AtomicU64,
    pub(crate) writes: AtomicU64,
}

impl Counters {
    pub(crate) fn read(&self) -> Stats {
        let get = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Stats {
            connections: get(&self.connections),
            handshakes: get(&self.handshakes),
            refused: get(&self.refused),
            upgrades: get(&self.upgrades),
            dropped_volatile: get(&self.dropped_volatile),
            overflows: get(&self.overflows),
            packets_in: get(&self.packets_in),
            packets_out: get(&self.packets_out),
            writes: get(&self.writes),
        }
    }
}

/// What became of the packets of one emit; counted together, so that a fan-out counts once.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Tally {
    pub(crate) queued: u64,
    dropped: u64,
    overflowed: u64,
}

impl Tally {
    pub(crate) fn add(&mut self, pushed: Pushed) {
        match pushed {
            Pushed::Queued => self.queued += 1,
            Pushed::Dropped => self.dropped += 1,
            Pushed::Overflowed => self.overflowed += 1,
            Pushed::Gone => {}
        }
    }
}

impl Counters {
    pub(crate) fn note(&self, tally: Tally) {
        let add = |counter: &AtomicU64, more: u64| {
            if more > 0 {
                counter.fetch_add(more, Ordering::Relaxed);
            }
        };
        add(&self.packets_out, tally.queued);
        add(&self.dropped_volatile, tally.dropped);
        add(&self.overflows, tally.overflowed);
    }
}

/// Counts one.
pub(crate) fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}
