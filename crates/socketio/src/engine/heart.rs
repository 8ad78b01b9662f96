//! The heartbeat: the server pings, the client answers. Pure but for the time it is given.
//!
//! Deadlines count from when a ping was due, not from when it was sent, so a busy task does not
//! stretch them; they end a few milliseconds early, so that a client which measures exactly
//! interval + timeout finds the session gone.

use std::time::Duration;

use tokio::time::Instant;

const EARLY: Duration = Duration::from_millis(4);

/// What a heartbeat asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Beat {
    /// Nothing yet.
    Rest,
    /// Send a ping.
    Ping,
    /// The peer is gone.
    Dead,
}

/// One connection's heartbeat.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Heart {
    interval: Duration,
    timeout: Duration,
    due: Instant,
    waiting: bool,
    /// Whether something else came since the ping.
    refreshed: bool,
}

impl Heart {
    pub(crate) fn new(interval: Duration, timeout: Duration, now: Instant) -> Self {
        Self { interval, timeout, due: now + interval, waiting: false, refreshed: false }
    }

    /// When to look again.
    pub(crate) fn due(&self) -> Instant {
        self.due
    }

    /// Looks at the clock.
    pub(crate) fn beat(&mut self, now: Instant) -> Beat {
        if now < self.due {
            return Beat::Rest;
        }
        if self.waiting {
            return Beat::Dead;
        }
        self.waiting = true;
        self.refreshed = false;
        self.due += self.timeout.saturating_sub(EARLY);
        Beat::Ping
    }

    /// The peer answered.
    pub(crate) fn pong(&mut self, now: Instant) {
        self.waiting = false;
        self.due = now + self.interval;
    }

    /// The peer said something else: it lives, and gets its time anew, once per ping.
    pub(crate) fn refresh(&mut self, now: Instant) {
        if !self.refreshed {
            self.refreshed = true;
            self.hold(now);
        }
    }

    /// The peer could not be heard: its time does not run.
    pub(crate) fn hold(&mut self, now: Instant) {
        if self.waiting {
            self.due = self.due.max(now + self.timeout);
        }
    }
}
