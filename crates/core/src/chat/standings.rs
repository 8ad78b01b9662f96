//! The standings that a node read in the last seconds (`standing` says what for).

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::Instant;
use zvon_protocol::ids::ChatId;

use super::standing::Standing;
use crate::cache::life::RIGHTS;

/// Most members in all standings that are kept.
const MOST: usize = 100_000;
/// How many marks there may be before those that are over are dropped.
const TIDY: usize = 4096;

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
    pub(super) fn get(&self, chat: ChatId, age: Duration) -> Option<Arc<Standing>> {
        let inner = self.0.lock();
        let kept = inner.all.get(&chat)?;
        kept.standing.clone().filter(|_| kept.at.elapsed() <= age)
    }

    /// The store was asked since `asked`, and said this.
    pub(super) fn looked(&self, chat: ChatId, standing: &Arc<Standing>, asked: Instant) {
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

#[cfg(test)]
mod tests {
    use proptest::prelude::{prop, proptest};
    use uuid::Uuid;

    use super::{Arc, ChatId, Duration, Instant, RIGHTS, Standing, Standings};
    use crate::chat::standing::Pins;

    fn standing(head: u64) -> Arc<Standing> {
        Arc::new(Standing { head, expired: 0, pins: Pins::default(), members: Vec::new() })
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
