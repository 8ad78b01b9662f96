//! Sessions that were looked at already, so that a check costs no question to the store.
//!
//! The truth is the store's row; this is a copy of it, on this node alone: Redis knows of no
//! session, so nothing that happens to Redis lets anybody in or out. A copy is believed for at most
//! about a minute, and only while the ends of sessions are heard of: they are looked for in the
//! store twice a second (`ends`), and a look that is more than five seconds old is not enough.
//! What this node ends itself is known at once.
//!
//! An end is final and is remembered longer than any reading of the store may take, so a copy that
//! was read before an end is not kept after it. Writes do not ask here: the store looks at the
//! session in the transaction that writes.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::Instant;
use zvon_protocol::ids::SessionId;
use zvon_protocol::time::Timestamp;

use super::Session;
use crate::account::Account;
use crate::cache::life::{self, RIGHTS, SESSION};

/// Most sessions that are kept; beyond, one makes room for another.
const MOST: usize = 50_000;
/// How long an end is remembered. A reading that takes longer than [`RIGHTS`] is not kept.
const REMEMBERED: Duration = Duration::from_secs(60);

/// A session and whose it is, as they were.
pub(crate) type Look = Arc<(Account, Session)>;

/// The sessions that this node looked at.
#[derive(Default)]
pub(crate) struct Known(Mutex<Inner>);

#[derive(Default)]
struct Inner {
    looks: HashMap<SessionId, (Look, Instant)>,
    ended: HashMap<SessionId, Instant>,
    /// When the last good look for ends began.
    heard: Option<Instant>,
    tidied: Option<Instant>,
}

impl Known {
    /// The session, if it was looked at and may be believed to be live.
    pub(crate) fn live(&self, id: SessionId, now: Timestamp) -> Option<Look> {
        let (inner, at) = (self.0.lock(), Instant::now());
        if inner.heard.is_none_or(|heard| at.duration_since(heard) > RIGHTS) {
            return None;
        }
        let (look, until) = inner.looks.get(&id)?;
        // One that was about to run out may have been used since.
        (*until > at && look.1.is_live(now)).then(|| Arc::clone(look))
    }

    /// The store was asked since `asked`, and said this.
    pub(crate) fn looked(&self, look: Look, asked: Instant) {
        let (mut inner, at) = (self.0.lock(), Instant::now());
        let id = look.1.id;
        if inner.ended.contains_key(&id) || at.duration_since(asked) > RIGHTS {
            return;
        }
        if inner.looks.len() >= MOST
            && let Some(other) = inner.looks.keys().next().copied()
        {
            inner.looks.remove(&other);
        }
        inner.looks.insert(id, (look, asked + life::about(SESSION)));
    }

    /// It is over, for ever.
    pub(crate) fn end(&self, id: SessionId) {
        let mut inner = self.0.lock();
        inner.looks.remove(&id);
        inner.ended.insert(id, Instant::now());
    }

    /// A look for ends that began then found all there were, and each was told.
    pub(crate) fn heard(&self, begun: Instant) {
        let (mut inner, at) = (self.0.lock(), Instant::now());
        inner.heard = inner.heard.max(Some(begun));
        if inner.tidied.is_none_or(|tidied| at.duration_since(tidied) > RIGHTS) {
            inner.tidied = Some(at);
            inner.looks.retain(|_, (_, until)| *until > at);
            inner.ended.retain(|_, ended| at.duration_since(*ended) < REMEMBERED);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{prop, proptest};
    use uuid::Uuid;
    use zvon_protocol::ids::UserId;

    use super::{
        Account, Arc, Duration, Instant, Known, Look, MOST, Session, SessionId, Timestamp,
    };

    fn look(id: u128) -> Look {
        let (user, now) = (UserId(Uuid::from_u128(id)), Timestamp(0));
        let (email, name) = ("a@b.c".to_owned(), "A".to_owned());
        let account =
            Account { id: user, email, name, created_at: now, last_seen: None, disabled_at: None };
        let session = Session {
            id: SessionId(Uuid::from_u128(id)),
            user,
            created_at: now,
            seen_at: now,
            expires_at: Timestamp(1000),
            revoked_at: None,
            device: String::new(),
            address: String::new(),
            refresh: None,
        };
        Arc::new((account, session))
    }

    fn id(id: u128) -> SessionId {
        SessionId(Uuid::from_u128(id))
    }

    fn is_known(known: &Known, session: u128) -> bool {
        known.live(id(session), Timestamp(1)).is_some()
    }

    #[tokio::test(start_paused = true)]
    async fn a_look_is_believed_for_a_while_and_only_while_ends_are_heard_of() {
        let known = Known::default();
        known.looked(look(1), Instant::now());
        assert!(!is_known(&known, 1), "nobody looked for ends yet");
        for second in 0..40 {
            known.heard(Instant::now());
            assert!(is_known(&known, 1), "{second}");
            assert!(known.live(id(1), Timestamp(1000)).is_none(), "it ran out by itself");
            tokio::time::advance(Duration::from_secs(1)).await;
        }
        tokio::time::advance(Duration::from_secs(6)).await;
        assert!(!is_known(&known, 1), "ends were not heard of");
        known.heard(Instant::now());
        assert!(is_known(&known, 1));
        tokio::time::advance(Duration::from_secs(30)).await;
        known.heard(Instant::now());
        assert!(!is_known(&known, 1), "too long ago");
    }

    #[tokio::test(start_paused = true)]
    async fn there_is_a_bound() {
        let known = Known::default();
        known.heard(Instant::now());
        for session in 0..MOST as u128 + 100 {
            known.looked(look(session), Instant::now());
        }
        assert_eq!(known.0.lock().looks.len(), MOST);
    }

    proptest! {
        /// Readings and ends in any order: what was ended is never believed again, by whichever
        /// reading that began before or after.
        #[test]
        fn what_ended_does_not_come_back(
            steps in prop::collection::vec((0_u8..4, 0_u128..3, 0_u64..20), 1..80),
        ) {
            let runtime = tokio::runtime::Builder::new_current_thread();
            let runtime = { runtime }.enable_time().start_paused(true).build().unwrap();
            runtime.block_on(async {
                let known = Known::default();
                let (mut ended, mut begun) = (vec![], vec![]);
                for (what, session, wait) in steps {
                    match what {
                        // A reading of the store begins: of what is over it finds nothing.
                        0 if !ended.contains(&session) => begun.push((session, Instant::now())),
                        0 => {}
                        1 => begun.drain(..).for_each(|(one, at)| known.looked(look(one), at)),
                        2 => {
                            ended.push(session);
                            known.end(id(session));
                        }
                        _ => tokio::time::advance(Duration::from_secs(wait)).await,
                    }
                    known.heard(Instant::now());
                    assert!(ended.iter().all(|session| !is_known(&known, *session)));
                }
            });
        }
    }
}
