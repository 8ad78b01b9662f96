//! Tells senders how far their messages have come.
//!
//! A cursor move tells each sender whose messages it passed once: `message:status` for the
//! newest 200 of them to sockets of the old kind, one `chat:cursor` to all of their sockets. A
//! group's message changes status when the slowest of the other members passes it.
//!
//! Where many look on, every message moves many cursors, and telling each of each would cost
//! more than the messages. There the moves of a second are told together, as one.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::MutexGuard;
use tokio_util::task::TaskTracker;
use zvon_protocol::event::{ChatCursor, MessageStatus, ServerEvent};
use zvon_protocol::ids::{ChatId, UserId};

use super::fanout::Fanout;
use super::news::{Fresh, Passed, advances, join};
use super::store::Moved;
use super::turns::Turns;
use crate::clock::Clock;
use crate::message::status::Reaches;
use crate::store::{Store, StoreResult};

/// Most messages a move speaks of one by one.
const NEWEST: u32 = 200;
/// Most messages that several moves together speak of.
const TOGETHER: u32 = 1000;
/// With more people looking on, a chat is crowded.
pub(super) const CROWD: usize = 32;
/// How long the moves of a crowd gather.
const PAUSE: Duration = Duration::from_secs(1);

/// Tells senders. Cheap to clone.
#[derive(Clone)]
pub struct Notices(Arc<Shared>);

struct Shared {
    store: Arc<dyn Store>,
    fanout: Arc<dyn Fanout>,
    clock: Arc<dyn Clock>,
    tasks: TaskTracker,
    /// What crowds have moved since they were last told; at most one move per member.
    crowds: Mutex<HashMap<ChatId, HashMap<UserId, Moved>>>,
    turns: Turns,
}

impl Notices {
    /// Over these seams; what is told later is told on `tasks`.
    #[must_use]
    pub fn new(
        store: Arc<dyn Store>,
        fanout: Arc<dyn Fanout>,
        clock: Arc<dyn Clock>,
        tasks: TaskTracker,
    ) -> Self {
        let (crowds, turns) = (Mutex::default(), Turns::default());
        Self(Arc::new(Shared { store, fanout, clock, tasks, crowds, turns }))
    }

    /// Waits for the chat's turn: while it lasts nobody else tells statuses of its messages.
    pub(crate) async fn turn(&self, chat: ChatId) -> MutexGuard<'_, ()> {
        self.0.turns.of(chat).await
    }

    /// Tells of these moves what was not told yet. What cannot be read is not told: clients see
    /// it at their next reading.
    pub async fn announce(&self, moved: Vec<Moved>, fresh: &Fresh) {
        let mut by_chat: HashMap<ChatId, Vec<Moved>> = HashMap::new();
        for step in moved.into_iter().filter(|step| !fresh.tells_all(step)) {
            by_chat.entry(step.chat).or_default().push(step);
        }
        for (chat, moved) in by_chat {
            if self.0.fanout.present(chat, CROWD + 1).len() > CROWD {
                self.gather(chat, moved);
            } else {
                self.announce_in(chat, &moved, fresh).await;
            }
        }
    }

    fn gather(&self, chat: ChatId, moved: Vec<Moved>) {
        let mut crowds = self.0.crowds.lock();
        let first = !crowds.contains_key(&chat);
        let crowd = crowds.entry(chat).or_default();
        for step in moved {
            crowd.entry(step.user).and_modify(|known| *known = join(*known, step)).or_insert(step);
        }
        if first {
            let this = self.clone();
            self.0.tasks.spawn(async move {
                tokio::time::sleep(PAUSE).await;
                let crowd = this.0.crowds.lock().remove(&chat).unwrap_or_default();
                let moved: Vec<Moved> = crowd.into_values().collect();
                this.announce_in(chat, &moved, &Fresh::default()).await;
            });
        }
    }

    async fn announce_in(&self, chat: ChatId, moved: &[Moved], fresh: &Fresh) {
        if let Err(error) = self.try_announce_in(chat, moved, fresh).await {
            tracing::warn!(chat.id = %chat, %error, "senders could not be told");
        }
    }

    async fn try_announce_in(
        &self,
        chat: ChatId,
        moved: &[Moved],
        fresh: &Fresh,
    ) -> StoreResult<()> {
        let _turn = self.turn(chat).await;
        let passed = self.passed(chat, moved).await?;
        if passed.iter().any(|(.., sender)| moved.iter().any(|step| step.user != *sender)) {
            let members = self.0.store.members(&[chat]).await?;
            let mut now = Reaches::over(&members);
            for ((message_id, seq, sender), status) in advances(&members, moved, &passed) {
                // What has come further since is told by the move that brought it there.
                let latest = now.status(sender, seq) <= status;
                if latest && !fresh.told(chat, seq, status) {
                    let notice =
                        MessageStatus { message_id, status, timestamp: self.0.clock.now() };
                    let event = ServerEvent::MessageStatus(notice);
                    self.0.fanout.to_user_unsynced(sender, &event);
                }
            }
        }
        moved.iter().for_each(|step| self.tell_cursor(step, &passed));
        Ok(())
    }

    async fn passed(&self, chat: ChatId, moved: &[Moved]) -> StoreResult<Vec<Passed>> {
        let spans = || moved.iter().map(Moved::span);
        let after = spans().map(|(after, _)| after).min().unwrap_or(0);
        let upto = spans().map(|(_, upto)| upto).max().unwrap_or(0);
        let steps = u32::try_from(moved.len()).unwrap_or(u32::MAX);
        let most = NEWEST.saturating_mul(steps).min(TOGETHER);
        self.0.store.passed(chat, after, upto, most).await
    }

    fn tell_cursor(&self, step: &Moved, passed: &[Passed]) {
        let event = ServerEvent::ChatCursor(ChatCursor {
            chat_id: step.chat,
            user_id: step.user,
            delivered_seq: step.delivered.1,
            read_seq: step.read.1,
        });
        let (after, upto) = step.span();
        let here = passed.iter().filter(|(_, seq, _)| after < *seq && *seq <= upto);
        let mut told: HashSet<UserId> = here.map(|(.., sender)| *sender).collect();
        told.remove(&step.user);
        if step.read.0 != step.read.1 {
            told.insert(step.user);
        }
        for user in told {
            self.0.fanout.to_user(user, &event);
        }
    }
}
