//! Presence as plain data: connections, graces, versions. Pure; the time is given.

use std::collections::{BTreeSet, HashMap, HashSet};

use zvon_core::presence::Transition;
use zvon_protocol::ids::UserId;
use zvon_protocol::time::Timestamp;

struct Entry {
    connections: HashSet<String>,
    state: Transition,
    /// When watchers hear that the user is gone.
    due: Option<Timestamp>,
}

/// Everybody who is online, or was lately.
#[derive(Default)]
pub(super) struct Ledger {
    users: HashMap<UserId, Entry>,
    graces: BTreeSet<(Timestamp, UserId)>,
}

impl Ledger {
    /// A connection began.
    pub(super) fn up(
        &mut self,
        user: UserId,
        connection: &str,
        now: Timestamp,
    ) -> Option<Transition> {
        let offline = Transition { user, online: false, version: 0, at: now };
        let entry = self.users.entry(user).or_insert_with(|| Entry {
            connections: HashSet::new(),
            state: offline,
            due: None,
        });
        entry.connections.insert(connection.to_owned());
        if let Some(due) = entry.due.take() {
            self.graces.remove(&(due, user));
        }
        if entry.state.online {
            return None;
        }
        entry.state = next(&entry.state, true, now);
        Some(entry.state)
    }

    /// A connection ended.
    pub(super) fn down(&mut self, user: UserId, connection: &str, due: Timestamp) {
        let Some(entry) = self.users.get_mut(&user) else { return };
        if entry.connections.remove(connection) && entry.connections.is_empty() {
            entry.due = Some(due);
            self.graces.insert((due, user));
        }
    }

    /// Those whose grace is over.
    pub(super) fn sweep(&mut self, now: Timestamp) -> Vec<Transition> {
        let mut gone = Vec::new();
        while let Some((due, user)) = self.graces.first().copied().filter(|(due, _)| *due <= now) {
            self.graces.remove(&(due, user));
            if let Some(entry) = self.users.get_mut(&user) {
                entry.due = None;
                entry.state = next(&entry.state, false, now);
                gone.push(entry.state);
            }
        }
        gone
    }

    /// The last known state.
    pub(super) fn state(&self, user: UserId) -> Option<Transition> {
        self.users.get(&user).map(|entry| entry.state)
    }

    /// Everybody who is online.
    pub(super) fn online(&self) -> impl Iterator<Item = UserId> {
        self.users.iter().filter(|(_, entry)| entry.state.online).map(|(user, _)| *user)
    }
}

fn next(state: &Transition, online: bool, now: Timestamp) -> Transition {
    let clock = u64::try_from(now.0).unwrap_or(0);
    Transition { online, version: (state.version + 1).max(clock), at: now, ..*state }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeSet, HashMap};

    use proptest::prelude::{Just, Strategy, prop, prop_oneof, proptest};
    use uuid::Uuid;

    use super::{Ledger, Timestamp, UserId};

    const GRACE: i64 = 10_000;

    #[derive(Clone, Debug)]
    enum Step {
        Up(u128, u8),
        Down(u128, u8),
        Pass(i64),
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            (0_u128..3, 0_u8..3).prop_map(|(user, name)| Step::Up(user, name)),
            (0_u128..3, 0_u8..3).prop_map(|(user, name)| Step::Down(user, name)),
            prop_oneof![Just(GRACE), Just(GRACE - 1), -2000_i64..4000].prop_map(Step::Pass),
        ]
    }

    /// What is known of one user: connections, since when there is none, what watchers heard.
    #[derive(Default)]
    struct Known {
        live: BTreeSet<u8>,
        gone_at: Option<i64>,
        online: bool,
        version: u64,
    }

    proptest! {
        #[test]
        fn watchers_hear_each_change_once_and_no_end_before_the_grace(
            steps in prop::collection::vec(step(), 1..80),
        ) {
            let (mut ledger, mut now) = (Ledger::default(), 1_000_000_i64);
            let mut known: HashMap<UserId, Known> = HashMap::new();
            for step in steps {
                match step {
                    Step::Up(user, name) => {
                        let user = UserId(Uuid::from_u128(user));
                        let heard = ledger.up(user, &name.to_string(), Timestamp(now));
                        let known = known.entry(user).or_default();
                        known.live.insert(name);
                        known.gone_at = None;
                        assert_eq!(heard.is_some(), !known.online);
                        if let Some(heard) = heard {
                            assert!(heard.online && heard.version > known.version);
                            (known.online, known.version) = (true, heard.version);
                        }
                    }
                    Step::Down(user, name) => {
                        let user = UserId(Uuid::from_u128(user));
                        ledger.down(user, &name.to_string(), Timestamp(now + GRACE));
                        let known = known.entry(user).or_default();
                        if known.live.remove(&name) && known.live.is_empty() {
                            known.gone_at = Some(now);
                        }
                    }
                    Step::Pass(time) => now += time,
                }
                let mut gone: Vec<_> = ledger.sweep(Timestamp(now));
                gone.sort_by_key(|heard| heard.user);
                for (user, known) in &mut known {
                    let over = known.gone_at.is_some_and(|at| at + GRACE <= now);
                    let heard = gone.iter().find(|heard| heard.user == *user);
                    assert_eq!(heard.is_some(), over && known.online);
                    if let Some(heard) = heard {
                        assert!(!heard.online && heard.version > known.version);
                        (known.online, known.version, known.gone_at) = (false, heard.version, None);
                    }
                    let state = ledger.state(*user);
                    assert_eq!(state.is_some_and(|state| state.online), known.online);
                }
                let online = known.values().filter(|known| known.online).count();
                assert_eq!(ledger.online().count(), online);
            }
        }
    }

    #[test]
    fn a_version_is_never_behind_the_clock_so_it_survives_the_loss_of_all_state() {
        let user = UserId(Uuid::nil());
        let last = {
            let mut ledger = Ledger::default();
            ledger.up(user, "a", Timestamp(5_000));
            ledger.down(user, "a", Timestamp(5_000));
            ledger.sweep(Timestamp(5_000)).remove(0).version
        };
        let fresh = Ledger::default().up(user, "a", Timestamp(5_100)).unwrap().version;
        assert!(fresh > last, "{fresh} after {last}");
    }
}
