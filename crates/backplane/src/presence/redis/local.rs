//! What this node knows by itself: its own connections, and what it last heard of users. Pure.

use std::collections::{BTreeMap, HashMap};

use zvon_core::presence::Transition;
use zvon_protocol::ids::UserId;

use super::census::Census;
use super::keys::{BUCKETS, bucket};

/// Most users whose last state is remembered.
const MOST_HEARD: usize = 65_536;

/// A connection: whose, and its key.
pub(super) type Connection = (UserId, Box<str>);

/// How far Redis knows of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Told {
    /// It is being told for the first time.
    Telling,
    /// That failed, or may have.
    Untold,
    /// It knew, and has to be told again.
    Again,
    /// It knows.
    Yes,
}

/// Of one bucket: what ever began and ended, and the ends that Redis has not confirmed.
#[derive(Clone, Copy, Default)]
struct Counts {
    begun: usize,
    ended: usize,
    ending: usize,
}

/// This node's connections.
#[derive(Default)]
pub(super) struct Local {
    live: BTreeMap<Connection, Told>,
    counts: [Counts; BUCKETS],
    /// Some are [`Told::Untold`] or [`Told::Again`].
    behind: bool,
    /// Ends that Redis has not heard of.
    ends: Vec<Connection>,
    heard: HashMap<UserId, Transition>,
}

impl Local {
    /// A connection begins.
    pub(super) fn begin(&mut self, connection: Connection) {
        let bucket = bucket(connection.0);
        let new = self.live.insert(connection, Told::Telling).is_none();
        self.counts[bucket].begun += usize::from(new);
    }

    /// How telling of it went. Nothing if it ended meanwhile.
    pub(super) fn told(&mut self, connection: &Connection, told: Told) {
        if let Some(now) = self.live.get_mut(connection) {
            *now = told;
            self.behind |= told != Told::Yes;
        }
    }

    /// Whether it lives.
    pub(super) fn lives(&self, connection: &Connection) -> bool {
        self.live.contains_key(connection)
    }

    /// A connection ends. Whether it lived here; then its end is to be confirmed.
    pub(super) fn end(&mut self, connection: &Connection) -> bool {
        let lived = self.live.remove(connection).is_some();
        let counts = &mut self.counts[bucket(connection.0)];
        counts.ended += usize::from(lived);
        counts.ending += usize::from(lived);
        lived
    }

    /// Redis heard of an end, or did not.
    pub(super) fn ended(&mut self, connection: Connection, heard: bool) {
        if heard {
            self.counts[bucket(connection.0)].ending -= 1;
        } else {
            self.ends.push(connection);
        }
    }

    /// A connection ended that Redis may have heard of after its end: that is to be told again.
    pub(super) fn end_again(&mut self, connection: Connection) {
        self.counts[bucket(connection.0)].ending += 1;
        self.ends.push(connection);
    }

    /// At most `most` ends that Redis has not heard of. They are forgotten here.
    pub(super) fn take_ends(&mut self, most: usize) -> Vec<Connection> {
        let count = self.ends.len().min(most);
        self.ends.drain(..count).collect()
    }

    /// Whether the user has a connection here.
    pub(super) fn is_here(&self, user: UserId) -> bool {
        let from = (user, Box::from(""));
        self.live.range(from..).next().is_some_and(|((found, _), _)| *found == user)
    }

    /// Users with a connection here, each once.
    pub(super) fn users(&self) -> Vec<UserId> {
        let mut users: Vec<UserId> = self.live.keys().map(|(user, _)| *user).collect();
        users.dedup();
        users
    }

    /// How many connections there are in each bucket, and how far Redis knows.
    pub(super) fn census(&self) -> [Census; BUCKETS] {
        let mut census = self.counts.map(|counts| Census {
            told: 0,
            most: counts.begun - counts.ended + counts.ending,
            begun: counts.begun,
            ended: counts.ended,
        });
        for ((user, _), told) in &self.live {
            census[bucket(*user)].told += usize::from(*told == Told::Yes);
        }
        census
    }

    /// Redis may have lost the connections of these buckets.
    pub(super) fn lost(&mut self, is_lost: impl Fn(usize) -> bool) {
        for ((user, _), told) in &mut self.live {
            if *told == Told::Yes && is_lost(bucket(*user)) {
                *told = Told::Again;
                self.behind = true;
            }
        }
    }

    /// At most `most` connections that Redis must be told of, with how far it knew.
    pub(super) fn behind(&mut self, most: usize) -> Vec<(Connection, Told)> {
        if !self.behind {
            return Vec::new();
        }
        let behind =
            |(_, told): &(&Connection, &Told)| matches!(**told, Told::Untold | Told::Again);
        let found = self.live.iter().filter(behind).take(most);
        let found: Vec<_> = found.map(|(connection, told)| (connection.clone(), *told)).collect();
        self.behind = !found.is_empty();
        found
    }

    /// This was heard of a user.
    pub(super) fn hear(&mut self, state: Transition) {
        if self.heard.len() >= MOST_HEARD {
            self.heard.clear();
        }
        let newest = self.heard.entry(state.user).or_insert(state);
        if newest.version <= state.version {
            *newest = state;
        }
    }

    /// What was last heard of a user; who is here is online.
    pub(super) fn heard(&self, user: UserId) -> Option<Transition> {
        let heard = self.heard.get(&user).copied();
        match (self.is_here(user), heard) {
            (true, Some(heard)) => Some(Transition { online: true, ..heard }),
            (true, None) => {
                let at = zvon_protocol::time::Timestamp(0);
                Some(Transition { user, online: true, version: 0, at })
            }
            (false, heard) => heard,
        }
    }

    /// Those who were last heard of as online.
    pub(super) fn heard_online(&self) -> impl Iterator<Item = UserId> {
        self.heard.values().filter(|state| state.online).map(|state| state.user)
    }
}
