//! Ends of sessions that another process made: an operator's command, another node.
//!
//! Such a session writes nothing from its end on, for the store checks it with every write. Its
//! sockets here are closed, and what is `known` of it is forgotten, as soon as the other node tells
//! over the bus; which may lose it, so new ends are looked for in the store twice a second. Each
//! look reaches back before the last one, for an end carries the time at which it was wanted, and
//! may be committed later.

use std::sync::atomic::{AtomicI64, Ordering};

use tokio::time::Instant;
use zvon_protocol::time::Timestamp;

use super::store::Ended;
use crate::App;

/// How far before the last look the next one reaches back: longer than another process waits for
/// the store, and than clocks differ.
const OVERLAP: i64 = 30_000;

/// When was last looked.
pub(crate) struct Ends(AtomicI64);

impl Ends {
    pub(crate) fn new(now: Timestamp) -> Self {
        Self(AtomicI64::new(now.0))
    }

    /// From when on ends may be new. A clock that was set forward hides none; one that was set
    /// back shows some again.
    fn since(&self, now: Timestamp) -> Timestamp {
        Timestamp(self.0.load(Ordering::Relaxed)).min(now).plus_millis(-OVERLAP)
    }

    fn looked(&self, now: Timestamp) {
        self.0.store(now.0, Ordering::Relaxed);
    }
}

impl App {
    /// Looks for ends in the store.
    pub(crate) async fn hear_of_ends(&self) {
        let (now, begun) = (self.now(), Instant::now());
        match self.store().revoked_since(self.ends.since(now)).await {
            Ok(ended) => {
                for ended in ended {
                    self.ended_elsewhere(ended);
                }
                self.ends.looked(now);
                self.known.heard(begun);
            }
            Err(error) => tracing::warn!(%error, "ends of sessions could not be looked for"),
        }
    }

    /// A session is over, as this node finds or is told, perhaps again: nobody is let in by it, and
    /// its sockets here close.
    pub(crate) fn ended_elsewhere(&self, Ended { session, user, reason }: Ended) {
        self.known.end(session);
        if self.live.end(session) {
            tracing::info!(user.id = %user, session.id = %session, reason = reason.word(),
                "a session ended elsewhere");
            self.meters.ended(reason);
            self.fanout.end_session(session, reason.word());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Ends, OVERLAP, Timestamp};

    #[test]
    fn each_look_reaches_back_before_the_last_one_whatever_the_clock_does() {
        let ends = Ends::new(Timestamp(100_000));
        let since = |now| ends.since(Timestamp(now)).0 + OVERLAP;
        assert_eq!(since(100_500), 100_000);
        ends.looked(Timestamp(100_500));
        assert_eq!(since(900_000), 100_500, "set forward, or nothing was heard for long");
        assert_eq!(since(50_000), 50_000, "set back");
    }
}
