//! Which sessions are in use, so that they live on.
//!
//! A session lives on from its last use. Uses are gathered here and written down together, each
//! session at most once in a [`step`](Live::step), so that neither a busy client nor ten thousand
//! idle sockets cost a write each. What is lost when the process dies is at most a step of life.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::time::Duration;

use parking_lot::Mutex;
use zvon_protocol::ids::SessionId;
use zvon_protocol::time::Timestamp;

use super::Session;
use super::store::Use;

/// The longest step.
const STEP_MAX: i64 = 300_000;

/// The sessions in use on this node.
pub(crate) struct Live {
    life: i64,
    known: Mutex<HashMap<SessionId, Known>>,
}

#[derive(Clone, Copy, Default)]
struct Known {
    /// How many connections hold it.
    connections: u32,
    /// When it was last used otherwise.
    seen: i64,
    /// As what it was last written down.
    written: i64,
    /// Whether its connections were told that it is over.
    ended: bool,
}

impl Live {
    pub(crate) fn new(life: Duration) -> Self {
        let life = i64::try_from(life.as_millis()).unwrap_or(i64::MAX);
        Self { life, known: Mutex::default() }
    }

    /// How long a session lives from a use on, in milliseconds.
    pub(crate) fn life(&self) -> i64 {
        self.life
    }

    /// How often a session in use is written down.
    pub(crate) fn step(&self) -> Duration {
        Duration::from_millis(self.step_millis().unsigned_abs())
    }

    fn step_millis(&self) -> i64 {
        (self.life / 8).clamp(1, STEP_MAX)
    }

    /// A session was used by a request. What the store says is recent enough is left alone.
    pub(crate) fn used(&self, session: &Session, now: Timestamp) {
        if now.0 - session.seen_at.0 < self.step_millis() {
            return;
        }
        let mut known = self.known.lock();
        let known = known.entry(session.id).or_default();
        known.seen = known.seen.max(now.0);
    }

    /// A connection holds it from here on.
    pub(crate) fn connected(&self, session: SessionId) {
        self.known.lock().entry(session).or_default().connections += 1;
    }

    /// A connection let go of it.
    pub(crate) fn disconnected(&self, session: SessionId, now: Timestamp) {
        let mut known = self.known.lock();
        if let Entry::Occupied(mut entry) = known.entry(session) {
            let known = entry.get_mut();
            known.connections = known.connections.saturating_sub(1);
            known.seen = now.0;
        }
    }

    /// It is over: whether a connection holds it that has not been told.
    pub(crate) fn end(&self, session: SessionId) -> bool {
        let mut known = self.known.lock();
        let held = known.get_mut(&session).filter(|known| known.connections > 0);
        held.is_some_and(|known| !std::mem::replace(&mut known.ended, true))
    }

    /// When it was last used, as far as this node knows; now, if a connection holds it.
    pub(crate) fn seen(&self, session: SessionId, now: Timestamp) -> Timestamp {
        let known = self.known.lock().get(&session).copied().unwrap_or_default();
        if known.connections > 0 { now } else { Timestamp(known.seen) }
    }

    /// What has to be written down by now.
    pub(crate) fn due(&self, now: Timestamp) -> Vec<Use> {
        let mut uses = Vec::new();
        let step = self.step_millis();
        self.known.lock().retain(|session, known| {
            if known.connections > 0 {
                known.seen = now.0;
            }
            let over = known.connections == 0;
            if known.seen - known.written >= step || (over && known.seen > known.written) {
                known.written = known.seen;
                let (seen_at, expires_at) = (known.seen, known.seen.saturating_add(self.life));
                let (seen_at, expires_at) = (Timestamp(seen_at), Timestamp(expires_at));
                uses.push(Use { session: *session, seen_at, expires_at });
            }
            !over
        });
        uses
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;
    use zvon_protocol::ids::UserId;

    use super::{Duration, Live, Session, SessionId, Timestamp};

    const ID: SessionId = SessionId(Uuid::from_u128(1));

    fn live() -> Live {
        Live::new(Duration::from_millis(800))
    }

    fn session(seen: i64) -> Session {
        Session {
            id: ID,
            user: UserId(Uuid::from_u128(2)),
            created_at: Timestamp(0),
            seen_at: Timestamp(seen),
            expires_at: Timestamp(seen + 800),
            revoked_at: None,
            device: String::new(),
            address: String::new(),
            refresh: None,
        }
    }

    fn due(live: &Live, now: i64) -> Vec<(i64, i64)> {
        live.due(Timestamp(now)).iter().map(|used| (used.seen_at.0, used.expires_at.0)).collect()
    }

    #[test]
    fn a_request_is_written_down_once_and_only_when_the_store_is_behind() {
        let live = live();
        live.used(&session(1000), Timestamp(1099));
        assert_eq!(due(&live, 1099), []);
        live.used(&session(1000), Timestamp(1100));
        live.used(&session(1000), Timestamp(1120));
        assert_eq!(due(&live, 1130), [(1120, 1920)]);
        assert_eq!(due(&live, 2000), [], "and forgotten");
    }

    #[test]
    fn its_connections_are_told_once_that_it_is_over() {
        let live = live();
        assert!(!live.end(ID), "nobody holds it");
        live.connected(ID);
        assert!(live.end(ID));
        assert!(!live.end(ID));
        live.disconnected(ID, Timestamp(5));
        assert!(!live.end(ID));
    }

    #[test]
    fn a_connection_keeps_it_alive_step_by_step() {
        let live = live();
        live.connected(ID);
        live.connected(ID);
        assert_eq!(due(&live, 1000), [(1000, 1800)]);
        assert_eq!(due(&live, 1099), []);
        assert_eq!(due(&live, 1100), [(1100, 1900)]);
        live.disconnected(ID, Timestamp(1110));
        assert_eq!(live.seen(ID, Timestamp(1150)), Timestamp(1150), "one is left");
        live.disconnected(ID, Timestamp(1160));
        assert_eq!(live.seen(ID, Timestamp(1170)), Timestamp(1160));
        assert_eq!(due(&live, 1170), [(1160, 1960)], "its end is written at once");
        assert_eq!(due(&live, 3000), []);
        live.disconnected(ID, Timestamp(3001));
        assert_eq!(due(&live, 3002), [], "nobody let go of nothing");
    }
}
