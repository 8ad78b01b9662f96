//! How a chat stands: its members with their cursors, how far its log is, which pins it has; all of
//! one moment, in one reading of the store.
//!
//! That is what changes of a chat, and it is small; what does not change, its messages, is cached
//! (`message::shelf`). So opening a chat costs this reading and nothing else, and is as true as it
//! ever was: the newest page and its statuses are those of the store.
//!
//! The pins and older pages are asked for right after the newest. For them a node keeps standings:
//! a second for the list of pins, five ([`RIGHTS`]) for older pages. So long may a pin be missing
//! there, or somebody read old pages who was put out, if nobody tells. This node's own changes tell
//! at once, other nodes' over the bus ([`News::Turned`]) and by the outbox (a second). Each names
//! its place in the log, and a standing that does not reach it is not kept, whenever it was read.
//! Statuses are not taken from a kept standing unless all are READ, which is final: cursors only
//! grow, and who becomes a member later has nothing to read before that.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use tokio::time::Instant;
use zvon_protocol::ids::{ChatId, UserId};

use super::Member;
use crate::App;
use crate::cache::Kind;
use crate::cache::life::RIGHTS;
use crate::caller::Caller;
use crate::delivery::bus::News;
use crate::error::{Error, Result};
use crate::message::{EventKind, LogEvent};

/// How old a standing may be for the list of pins.
const LATELY: Duration = Duration::from_secs(1);
/// Most members in all standings that are kept.
const MOST: usize = 100_000;
/// How many marks there may be before those that are over are dropped.
const TIDY: usize = 4096;

/// Which pins a chat has. Two readings of one chat with the same stamp have the same pins: every
/// pin's event has a greater seq than all before, so pins up to the newest only become fewer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pins {
    /// How many.
    pub count: u64,
    /// The seq of the event that made the newest of them.
    pub newest: u64,
}

/// How a chat stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The newest seq of its log.
    pub head: u64,
    /// Its pins.
    pub pins: Pins,
    /// Its members, by age of membership.
    pub members: Vec<Member>,
}

impl Standing {
    /// The membership of one user.
    #[must_use]
    pub fn member(&self, user: UserId) -> Option<&Member> {
        self.members.iter().find(|member| member.user == user)
    }
}

/// How new a standing has to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    /// Of the store, now.
    Now,
    /// Of the last second.
    Lately,
    /// Of the last five, of a log that had come to this place.
    Past(u64),
}

impl Need {
    fn age(self) -> Duration {
        match self {
            Self::Now => Duration::ZERO,
            Self::Lately => LATELY,
            Self::Past(_) => RIGHTS,
        }
    }

    fn is_met(self, head: u64) -> bool {
        match self {
            Self::Now => false,
            Self::Lately => true,
            Self::Past(seq) => seq <= head,
        }
    }
}

/// The standings that this node read in the last seconds.
#[derive(Default)]
pub(crate) struct Standings(Mutex<Inner>);

#[derive(Default)]
struct Inner {
    all: HashMap<ChatId, Kept>,
    members: usize,
    tidy_at: usize,
}

struct Kept {
    /// Where the log changed what a standing says, as far as this node was told.
    floor: u64,
    standing: Option<Arc<Standing>>,
    /// When it was asked for, or the change was told.
    at: Instant,
}

impl Standings {
    /// The chat's, if it was asked for within that time.
    fn get(&self, chat: ChatId, age: Duration) -> Option<Arc<Standing>> {
        let inner = self.0.lock();
        let kept = inner.all.get(&chat)?;
        kept.standing.clone().filter(|_| kept.at.elapsed() <= age)
    }

    /// The store was asked since `asked`, and said this.
    fn looked(&self, chat: ChatId, standing: &Arc<Standing>, asked: Instant) {
        let mut inner = self.0.lock();
        inner.tidy();
        let known = inner.all.get(&chat);
        let newer = |kept: &Standing| kept.head > standing.head;
        let is_old = known.is_some_and(|kept| {
            kept.floor > standing.head || kept.standing.as_deref().is_some_and(newer)
        });
        let more = standing.members.len();
        if is_old || asked.elapsed() > RIGHTS || inner.members + more > MOST {
            return;
        }
        let floor = known.map_or(0, |kept| kept.floor);
        let before =
            inner.all.insert(chat, Kept { floor, standing: Some(Arc::clone(standing)), at: asked });
        inner.members += more;
        inner.members -= before.map_or(0, |kept| kept.members());
    }

    /// The chat's log went on up to that seq, and what its standing says may have changed.
    pub(crate) fn went_on(&self, chat: ChatId, seq: u64) {
        let mut inner = self.0.lock();
        let at = Instant::now();
        let kept = inner.all.entry(chat).or_insert(Kept { floor: 0, standing: None, at });
        kept.floor = kept.floor.max(seq);
        if kept.standing.as_ref().is_some_and(|standing| standing.head >= kept.floor) {
            return;
        }
        kept.at = at;
        let gone = kept.standing.take().map_or(0, |standing| standing.members.len());
        inner.members -= gone;
        inner.tidy();
    }
}

impl Kept {
    fn members(&self) -> usize {
        self.standing.as_ref().map_or(0, |standing| standing.members.len())
    }
}

impl Inner {
    /// Drops what is too old to matter: no reading that began before is kept any more.
    fn tidy(&mut self) {
        if self.all.len() < self.tidy_at && self.members * 2 < MOST {
            return;
        }
        self.all.retain(|_, kept| kept.at.elapsed() <= RIGHTS);
        self.members = self.all.values().map(Kept::members).sum();
        self.tidy_at = (self.all.len() * 2).max(TIDY);
    }
}

/// The last seq of these events that changes who is in the chat, or its pins.
pub(crate) fn turning(events: &[LogEvent]) -> Option<u64> {
    let turns = |event: &&LogEvent| !matches!(event.kind, EventKind::Message(_));
    events.iter().filter(turns).map(|event| event.seq).max()
}

impl App {
    /// How a chat stands by the store's word.
    ///
    /// # Errors
    /// [`Error::Outsider`] if it has no members, or the store's.
    pub(crate) async fn standing(&self, chat: ChatId) -> Result<Arc<Standing>> {
        let asked = Instant::now();
        let found = self.store().standing(chat).await?.ok_or(Error::Outsider)?;
        let standing = Arc::new(found);
        self.meters.cache_filled(Kind::Standing, 1);
        self.standings.looked(chat, &standing, asked);
        Ok(standing)
    }

    /// The same for a member; if need be no newer than that, one that was read lately. Whether it is
    /// the store's word.
    ///
    /// # Errors
    /// [`Error::Outsider`], or the store's.
    pub(crate) async fn standing_for(
        &self,
        caller: Caller,
        chat: ChatId,
        need: Need,
    ) -> Result<(Arc<Standing>, bool)> {
        let serves =
            |kept: &Arc<Standing>| need.is_met(kept.head) && kept.member(caller.user).is_some();
        if let Some(kept) = self.standings.get(chat, need.age()).filter(serves) {
            self.meters.cache_hit(Kind::Standing, 1);
            return Ok((kept, false));
        }
        let standing = self.standing(chat).await?;
        standing.member(caller.user).ok_or(Error::Outsider)?;
        Ok((standing, true))
    }

    /// This node made a chat's members or pins others by the event of that seq: the other nodes
    /// hear of it now, whether or not they follow the chat.
    pub(crate) fn turned(&self, chat: ChatId, seq: u64) {
        self.standings.went_on(chat, seq);
        self.backing.bus.publish(News::Turned { chat, seq });
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{prop, proptest};
    use uuid::Uuid;

    use super::{Arc, ChatId, Duration, Instant, Pins, RIGHTS, Standing, Standings};

    fn standing(head: u64) -> Arc<Standing> {
        Arc::new(Standing { head, pins: Pins::default(), members: Vec::new() })
    }

    fn chat() -> ChatId {
        ChatId(Uuid::nil())
    }

    #[tokio::test(start_paused = true)]
    async fn a_standing_is_kept_for_five_seconds_from_when_it_was_asked_for() {
        let standings = Standings::default();
        let asked = Instant::now();
        tokio::time::advance(Duration::from_secs(3)).await;
        standings.looked(chat(), &standing(1), asked);
        assert!(standings.get(chat(), RIGHTS).is_some());
        tokio::time::advance(Duration::from_secs(3)).await;
        assert!(standings.get(chat(), RIGHTS).is_none());
        standings.looked(chat(), &standing(2), asked);
        assert!(standings.get(chat(), RIGHTS).is_none(), "it took too long to read");
    }

    #[tokio::test(start_paused = true)]
    async fn there_is_a_bound() {
        let standings = Standings::default();
        for index in 0..20_000_u64 {
            let chat = ChatId(Uuid::from_u128(u128::from(index)));
            standings.went_on(chat, index);
            tokio::time::advance(Duration::from_millis(10)).await;
        }
        assert!(standings.0.lock().all.len() <= 8192);
    }

    proptest! {
        /// Readings and changes in any order: what is given is never older than what was told.
        #[test]
        fn what_was_read_before_a_change_is_not_given_after_it(
            steps in prop::collection::vec((0_u8..3, 0_u64..4), 1..120),
        ) {
            let runtime = tokio::runtime::Builder::new_current_thread();
            let runtime = { runtime }.enable_time().start_paused(true).build().unwrap();
            runtime.block_on(async {
                let standings = Standings::default();
                let (mut head, mut told, mut read) = (1, 0, vec![]);
                for (what, wait) in steps {
                    match what {
                        0 => read.push((standing(head), Instant::now())),
                        1 => {
                            let read = read.drain(..);
                            read.for_each(|(one, at)| standings.looked(chat(), &one, at));
                        }
                        _ => {
                            head += 1;
                            told = head;
                            standings.went_on(chat(), head);
                        }
                    }
                    tokio::time::advance(Duration::from_secs(wait)).await;
                    assert!(standings.get(chat(), RIGHTS).is_none_or(|kept| kept.head >= told));
                }
            });
        }
    }
}
