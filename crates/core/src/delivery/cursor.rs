//! Cursor moves on their way into the store, coalesced.
//!
//! All moves that wait become one transaction, the largest wish per member winning, so a client
//! that acks every message costs the store no more than one that acks now and then. Moves that
//! somebody waits for go at once; those that nobody waits for gather for a moment. The queue is
//! bounded: when it is full a waiting mover waits, and a hand-over that nobody waits for is
//! dropped (the client's own ack or its next connect makes up for it).

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::{mpsc, oneshot};
use tokio_util::task::TaskTracker;
use zvon_protocol::ids::{ChatId, SessionId, UserId};

use super::news::Fresh;
use super::notice::Notices;
use super::store::Move;
use crate::clock::Clock;
use crate::meters::{Meters, Verb};
use crate::store::{Store, StoreError, StoreResult};

/// Most moves of one transaction.
const BATCH: usize = 1024;
/// Most moves waiting.
const QUEUE: usize = 8192;
/// How long moves gather that nobody waits for.
const GATHER: Duration = Duration::from_millis(250);

type Reply = oneshot::Sender<StoreResult<()>>;
type Job = (Move, Option<Reply>);

/// The cursor queue of a node. Cheap to clone.
#[derive(Clone)]
pub struct Cursors(Arc<Mutex<Option<mpsc::Sender<Job>>>>);

impl Cursors {
    /// Starts the queue.
    pub fn start(
        store: Arc<dyn Store>,
        clock: Arc<dyn Clock>,
        notices: Notices,
        meters: Arc<Meters>,
        tasks: &TaskTracker,
    ) -> Self {
        let (sender, jobs) = mpsc::channel(QUEUE);
        tasks.spawn(run(store, clock, notices, meters, jobs));
        Self(Arc::new(Mutex::new(Some(sender))))
    }

    /// Moves a cursor; answers when it is durable and the senders were told.
    ///
    /// # Errors
    /// The store's.
    pub async fn move_now(&self, step: Move) -> StoreResult<()> {
        let gone = || StoreError::Unavailable("the node is shutting down".to_owned());
        let sender = self.0.lock().clone().ok_or_else(gone)?;
        let (reply, answer) = oneshot::channel();
        sender.send((step, Some(reply))).await.map_err(|_| gone())?;
        answer.await.map_err(|_| gone())?
    }

    /// Moves a cursor some time soon.
    pub fn move_later(&self, step: Move) {
        if let Some(sender) = &*self.0.lock() {
            let _ = sender.try_send((step, None));
        }
    }

    /// Takes nothing more; what is queued is still stored.
    pub fn close(&self) {
        self.0.lock().take();
    }
}

async fn run(
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    notices: Notices,
    meters: Arc<Meters>,
    mut jobs: mpsc::Receiver<Job>,
) {
    let mut batch: Vec<Job> = Vec::new();
    while jobs.recv_many(&mut batch, BATCH).await > 0 {
        let deadline = tokio::time::Instant::now() + GATHER;
        while batch.len() < BATCH && batch.iter().all(|(_, reply)| reply.is_none()) {
            let room = BATCH - batch.len();
            match tokio::time::timeout_at(deadline, jobs.recv_many(&mut batch, room)).await {
                Ok(0) | Err(_) => break,
                Ok(_) => {}
            }
        }
        let (moves, replies): (Vec<Move>, Vec<_>) = batch.drain(..).unzip();
        let moves = coalesce(&moves);
        let moving = store.move_cursors(clock.now(), &moves);
        let outcome = match meters.timed(Verb::Cursors, moving).await {
            Ok(moved) => {
                notices.announce(moved, &Fresh::default()).await;
                Ok(())
            }
            Err(error) => Err(error.to_string()),
        };
        for reply in replies.into_iter().flatten() {
            let _ = reply.send(outcome.clone().map_err(StoreError::Unavailable));
        }
    }
}

/// One move per chat, member and session: the furthest. Pure.
fn coalesce(moves: &[Move]) -> Vec<Move> {
    let mut furthest: HashMap<(ChatId, UserId, Option<SessionId>), Move> = HashMap::new();
    for step in moves {
        let entry = furthest.entry((step.chat, step.user, step.session)).or_insert(*step);
        entry.delivered = entry.delivered.max(step.delivered);
        entry.read = entry.read.max(step.read);
    }
    let mut all: Vec<Move> = furthest.into_values().collect();
    all.sort_by_key(|step| (step.chat, step.user));
    all
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::{Strategy, prop, proptest};
    use uuid::Uuid;
    use zvon_protocol::ids::{ChatId, SessionId, UserId};

    use super::{Move, coalesce};

    fn step() -> impl Strategy<Value = Move> {
        let ids = (0_u128..2, 0_u128..3, 0_u128..3);
        (ids, 0_u64..9, 0_u64..9).prop_map(|((chat, user, session), delivered, read)| Move {
            chat: ChatId(Uuid::from_u128(chat)),
            user: UserId(Uuid::from_u128(user)),
            session: (session > 0).then(|| SessionId(Uuid::from_u128(session))),
            delivered,
            read,
        })
    }

    proptest! {
        #[test]
        fn the_furthest_wish_of_each_session_wins_and_nothing_goes_back(
            steps in prop::collection::vec(step(), 0..40),
        ) {
            let moves = coalesce(&steps);
            let mut furthest: HashMap<_, (u64, u64)> = HashMap::new();
            for step in &steps {
                let most = furthest.entry((step.chat, step.user, step.session)).or_default();
                *most = (most.0.max(step.delivered), most.1.max(step.read));
            }
            assert_eq!(moves.len(), furthest.len(), "one each");
            for step in &moves {
                let most = furthest[&(step.chat, step.user, step.session)];
                assert_eq!((step.delivered, step.read), most);
            }
            assert!(moves.is_sorted_by_key(|step| (step.chat, step.user)), "locks in one order");
        }
    }
}
