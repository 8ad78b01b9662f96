//! Sends on their way into the store: group commit.
//!
//! A lane has one batch in flight; what arrives meanwhile is the next batch. So a chat's sends
//! stay in order (a chat always has the same lane), and a busy node pays one commit for many
//! messages. A queue is bounded; when it is full the senders' sockets wait, which their peers
//! feel as TCP backpressure. An ambiguous commit is tried again with the same ids.

use std::collections::HashMap;
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::{mpsc, oneshot};
use tokio_util::task::TaskTracker;
use zvon_protocol::ids::{ChatId, UserId};
use zvon_protocol::message::Status;

use super::Delivery;
use super::cursor::Cursors;
use super::fanout::Fanout;
use super::notice::{Fresh, Notices};
use super::sequencer::Sequencer;
use super::store::Move;
use crate::clock::Clock;
use crate::message::store::{Append, Appended, Batch};
use crate::message::{EventKind, LogEvent, MessageRow};
use crate::store::{Store, StoreError, StoreResult};

/// Most messages of one commit.
const BATCH: usize = 64;
/// Most messages waiting in a lane.
const QUEUE: usize = 4096;
/// In chats with more people looking on, their cursors move a little later, coalesced.
const PRESENT: usize = 32;
/// In chats with more people looking on, only what clients report moves delivered cursors.
const RECEIPTS: usize = 200;
/// How often a commit of unknown outcome is tried again.
const TRIES: u32 = 4;

struct Job {
    append: Append,
    reply: oneshot::Sender<StoreResult<Appended>>,
}

/// The lanes of a node.
pub struct Lanes(Mutex<Vec<mpsc::Sender<Job>>>);

impl Lanes {
    /// Starts `count` lanes.
    pub fn start(count: usize, tasks: &TaskTracker, lane: impl Fn() -> Lane) -> Self {
        let senders = (0..count.max(1)).map(|_| {
            let (sender, jobs) = mpsc::channel(QUEUE);
            tasks.spawn(lane().run(jobs));
            sender
        });
        Self(Mutex::new(senders.collect()))
    }

    /// Appends one message; answers after the commit, and after its delivery was queued.
    ///
    /// # Errors
    /// The store's; the message may or may not be stored, and the same id may be sent again.
    pub async fn append(&self, append: Append) -> StoreResult<Appended> {
        let gone = || StoreError::Unavailable("the node is shutting down".to_owned());
        let lane = {
            let lanes = self.0.lock();
            let hash = BuildHasherDefault::<DefaultHasher>::default().hash_one(append.chat);
            let index = usize::try_from(hash % (lanes.len().max(1) as u64)).unwrap_or(0);
            lanes.get(index).cloned().ok_or_else(gone)?
        };
        let (reply, answer) = oneshot::channel();
        lane.send(Job { append, reply }).await.map_err(|_| gone())?;
        answer.await.map_err(|_| gone())?
    }

    /// Takes nothing more; what is queued is still committed.
    pub fn close(&self) {
        self.0.lock().clear();
    }
}

/// What one lane works with.
pub struct Lane {
    /// Where it appends.
    pub store: Arc<dyn Store>,
    /// The time it gives.
    pub clock: Arc<dyn Clock>,
    /// Who looks on.
    pub fanout: Arc<dyn Fanout>,
    /// Where its deliveries go.
    pub sequencer: Sequencer,
    /// Where late cursor moves go.
    pub cursors: Cursors,
    /// Who tells the senders.
    pub notices: Notices,
    /// Where notices run.
    pub tasks: TaskTracker,
}

impl Lane {
    async fn run(self, mut jobs: mpsc::Receiver<Job>) {
        let mut batch = Vec::with_capacity(BATCH);
        while jobs.recv_many(&mut batch, BATCH).await > 0 {
            let (mut rows, replies): (Vec<Append>, Vec<_>) =
                batch.drain(..).map(|job| (job.append, job.reply)).unzip();
            let late = self.look_on(&mut rows);
            match self.commit(&rows).await {
                Ok(done) => {
                    self.hand_over(&rows, &done);
                    for (reply, verdict) in replies.into_iter().zip(done.verdicts.iter().cloned()) {
                        let _ = reply.send(Ok(verdict));
                    }
                    self.tell(&rows, done, late);
                }
                Err(error) => {
                    tracing::error!(%error, rows = rows.len(), "a batch could not be stored");
                    let text = error.to_string();
                    for reply in replies {
                        let _ = reply.send(Err(StoreError::Unavailable(text.clone())));
                    }
                }
            }
        }
    }

    /// Notes on each row who has its chat open; gives those of crowded chats apart.
    fn look_on(&self, rows: &mut [Append]) -> HashMap<ChatId, Vec<UserId>> {
        let mut present: HashMap<ChatId, Vec<UserId>> = HashMap::new();
        for row in &*rows {
            present.entry(row.chat).or_insert_with(|| self.fanout.present(row.chat, RECEIPTS + 1));
        }
        for row in rows {
            let here = &present[&row.chat];
            if here.len() <= PRESENT {
                row.present = here.iter().copied().filter(|user| *user != row.sender).collect();
            }
        }
        present.retain(|_, here| here.len() > PRESENT && here.len() <= RECEIPTS);
        present
    }

    async fn commit(&self, rows: &[Append]) -> StoreResult<Batch> {
        let mut pause = Duration::from_millis(20);
        for _ in 1..TRIES {
            match self.store.append(self.clock.now(), rows).await {
                Err(StoreError::Unavailable(why)) => {
                    tracing::warn!(why, "a batch is tried again");
                    tokio::time::sleep(pause).await;
                    pause *= 4;
                }
                done => return done,
            }
        }
        self.store.append(self.clock.now(), rows).await
    }

    fn hand_over(&self, rows: &[Append], batch: &Batch) {
        let mut by_chat: HashMap<ChatId, Vec<Delivery>> = HashMap::new();
        for (row, verdict) in rows.iter().zip(&batch.verdicts) {
            if let Some((event, status)) = logged(row, verdict) {
                by_chat.entry(row.chat).or_default().push(Delivery::new(&event, status));
            }
        }
        for (chat, deliveries) in by_chat {
            self.sequencer.deliver(chat, deliveries);
        }
    }

    /// What may happen after the answers: telling senders, moving the cursors of crowds.
    fn tell(&self, rows: &[Append], batch: Batch, late: HashMap<ChatId, Vec<UserId>>) {
        let mut fresh = Fresh::default();
        let mut newest: HashMap<ChatId, u64> = HashMap::new();
        for (row, verdict) in rows.iter().zip(&batch.verdicts) {
            if let Appended::Stored { seq, delivered, .. } = verdict {
                fresh.note(row.chat, *seq, *delivered);
                newest.insert(row.chat, *seq);
            }
        }
        for (chat, users) in late {
            let Some(seq) = newest.get(&chat) else { continue };
            for user in users {
                let step = Move { chat, user, session: None, delivered: *seq, read: 0 };
                self.cursors.move_later(step);
            }
        }
        if !batch.moved.is_empty() {
            let notices = self.notices.clone();
            self.tasks.spawn(async move { notices.announce(&batch.moved, &fresh).await });
        }
    }
}

/// The log event of a stored row, and the status its message has by then.
fn logged(row: &Append, verdict: &Appended) -> Option<(LogEvent, Status)> {
    let Appended::Stored { seq, msg_no, at, delivered } = *verdict else { return None };
    let message = stored_row(row, seq, msg_no, at);
    let kind = EventKind::Message(message);
    let event = LogEvent { chat: row.chat, seq, msg_no, at, actor: row.sender, kind };
    Some((event, if delivered { Status::Delivered } else { Status::Sent }))
}

/// The message that a stored [`Append`] is.
pub(crate) fn stored_row(
    row: &Append,
    seq: u64,
    msg_no: u64,
    at: zvon_protocol::time::Timestamp,
) -> MessageRow {
    MessageRow {
        id: row.id,
        chat: row.chat,
        seq,
        msg_no,
        at,
        sender: row.sender,
        content: row.content.clone(),
        client_id: row.client_id.clone(),
        forward: row.forward,
        pin: None,
    }
}
