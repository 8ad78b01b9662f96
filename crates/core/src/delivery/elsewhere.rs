//! What other nodes did: heard over the bus at once, found in the outbox a second later.
//!
//! The bus may lose anything. So every node reads the outbox once a second, from where it read
//! last, and compares: a chat that is open here and went on without it is repaired, and who was
//! admitted is introduced, each admission once. One query a second, however many chats there are.

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;

use parking_lot::Mutex;
use zvon_protocol::ids::{ChatId, UserId};

use super::bus::News;
use crate::App;
use crate::outbox::store::Bookmark;
use crate::retention::grown::Grown;
use crate::session::store::Ended;

/// How many rows one reading brings.
const PAGE: u32 = 1000;
/// How many admissions are remembered, so that none is told twice.
const REMEMBERED: usize = 8192;

/// A membership's beginning: where, who, by which event.
pub(crate) type Admission = (ChatId, UserId, u64);

/// How far this node has looked, and whom it introduced.
#[derive(Default)]
pub(crate) struct Elsewhere {
    read: tokio::sync::Mutex<Bookmark>,
    told: Mutex<Told>,
    /// Which chats grew, for the sweeper.
    pub(crate) grown: Grown,
    /// Admissions that could not be told, to be tried again.
    owed: Mutex<Vec<Admission>>,
}

impl Elsewhere {
    /// Everything before `read` is behind.
    pub(crate) fn from(read: Bookmark) -> Self {
        Self { read: tokio::sync::Mutex::new(read), ..Self::default() }
    }

    /// Whether this is the first that this node hears of it.
    pub(crate) fn is_new(&self, admission: Admission) -> bool {
        self.told.lock().note(admission)
    }

    /// It could not be told: the next look tries again.
    pub(crate) fn owe(&self, admission: Admission) {
        self.told.lock().forget(&admission);
        self.owed.lock().push(admission);
    }
}

/// The newest admissions that were told.
#[derive(Default)]
struct Told {
    all: HashSet<Admission>,
    order: VecDeque<Admission>,
}

impl Told {
    fn forget(&mut self, admission: &Admission) {
        if self.all.remove(admission) {
            self.order.retain(|told| told != admission);
        }
    }

    fn note(&mut self, admission: Admission) -> bool {
        let new = self.all.insert(admission);
        if new {
            self.order.push_back(admission);
        }
        if self.order.len() > REMEMBERED
            && let Some(oldest) = self.order.pop_front()
        {
            self.all.remove(&oldest);
        }
        new
    }
}

impl App {
    /// Listens to the other nodes until the bus or the node is closed. Never waits for the store.
    pub(crate) async fn listen(self: Arc<Self>) {
        loop {
            let news = tokio::select! {
                () = self.stop.cancelled() => return,
                news = self.backing.bus.next() => news,
            };
            match news {
                Some(News::Log { chat, events }) => self.sequencer.hear(chat, &events),
                Some(News::Admitted { chat, user, seq }) => {
                    self.standings.went_on(chat, seq);
                    self.introduce_soon(vec![(chat, user, seq)]);
                }
                Some(News::Turned { chat, seq }) => self.standings.went_on(chat, seq),
                Some(News::Ended { session, user, reason }) => {
                    self.ended_elsewhere(Ended { session, user, reason });
                }
                None => return,
            }
        }
    }

    /// Introduces them on a task of its own, one after the other.
    fn introduce_soon(self: &Arc<Self>, admissions: Vec<Admission>) {
        let here = |(_, user, _): &Admission| self.fanout.is_here(*user);
        let admissions: Vec<_> = admissions.into_iter().filter(here).collect();
        if admissions.is_empty() {
            return;
        }
        let app = Arc::clone(self);
        self.spawn(async move {
            for (chat, user, seq) in admissions {
                app.introduce(chat, &[(user, seq)]).await;
            }
        });
    }

    /// Looks for what nobody told.
    pub(crate) async fn look_elsewhere(self: &Arc<Self>) {
        let mut read = self.elsewhere.read.lock().await;
        let owed = std::mem::take(&mut *self.elsewhere.owed.lock());
        self.introduce_soon(owed);
        loop {
            let (rows, next) = match self.store().outbox(&read, PAGE).await {
                Ok(found) => found,
                Err(error) => {
                    tracing::warn!(%error, "the outbox could not be read");
                    return;
                }
            };
            *read = next;
            for (chat, _, seq) in rows.iter().flat_map(|row| &row.spans) {
                self.standings.went_on(*chat, *seq);
                self.elsewhere.grown.note(*chat);
                self.sequencer.expect(*chat, *seq);
            }
            self.introduce_soon(rows.iter().flat_map(|row| &row.admitted).copied().collect());
            if rows.len() < PAGE as usize {
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::{ChatId, REMEMBERED, Told, UserId};

    #[test]
    fn each_admission_is_told_once_and_the_oldest_are_forgotten() {
        let admission = |seq| (ChatId(Uuid::nil()), UserId(Uuid::nil()), seq);
        let mut told = Told::default();
        assert!(told.note(admission(1)));
        assert!(!told.note(admission(1)));
        for seq in 2..=REMEMBERED as u64 + 1 {
            assert!(told.note(admission(seq)));
        }
        assert_eq!((told.all.len(), told.order.len()), (REMEMBERED, REMEMBERED));
        assert!(told.note(admission(1)), "it was the oldest");
        assert!(!told.note(admission(3)));
        told.forget(&admission(3));
        assert!(told.note(admission(3)), "it could not be told");
    }
}
