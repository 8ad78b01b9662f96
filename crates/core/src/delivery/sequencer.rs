//! Hands each chat's events to this node's sockets in order of seq, each once.
//!
//! * A chat is *open* here while a socket is in its room. Opening registers first and reads the
//!   head second, so nothing falls between; deliveries of chats that are not open are dropped.
//! * [`Sequencer::enter`] runs its closure under the chat's lock: what it queues to a socket and
//!   the socket's entry into the room are one step for everything that is delivered.
//! * A gap is held for 100 ms, then read from the store, so a lost or late hand-over (a task
//!   that died after its commit, a lost publish) costs time, never an event.
//! * No lock is held across an await.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::watch;
use tokio_util::task::TaskTracker;
use zvon_protocol::ids::ChatId;
use zvon_protocol::message::Status;

use super::Delivery;
use super::fanout::Fanout;
use super::order::Order;
use crate::message::LogEvent;
use crate::store::{Store, StoreResult};

/// How long a gap may close by itself.
const PATIENCE: Duration = Duration::from_millis(100);
/// How long an answer waits for the events before it.
const ANSWER_PATIENCE: Duration = Duration::from_millis(500);
/// How many events one reading of a gap brings.
const READ: u32 = 256;

/// The sequencer of a node. Cheap to clone.
#[derive(Clone)]
pub struct Sequencer(Arc<Shared>);

struct Shared {
    channels: Mutex<HashMap<ChatId, Arc<Channel>>>,
    fanout: Arc<dyn Fanout>,
    store: Arc<dyn Store>,
    tasks: TaskTracker,
}

struct Channel {
    state: Mutex<State>,
    /// The position, for those who wait for it; 0 while opening.
    position: watch::Sender<u64>,
}

enum State {
    Opening(Vec<Arc<Delivery>>),
    Open { order: Order, repairing: bool },
}

impl Sequencer {
    /// A sequencer over these seams; its repairs run on `tasks`.
    #[must_use]
    pub fn new(store: Arc<dyn Store>, fanout: Arc<dyn Fanout>, tasks: TaskTracker) -> Self {
        Self(Arc::new(Shared { channels: Mutex::default(), fanout, store, tasks }))
    }

    /// Takes what a commit added to one chat.
    pub fn deliver(&self, chat: ChatId, deliveries: Vec<Delivery>) {
        let Some(channel) = self.0.channels.lock().get(&chat).cloned() else { return };
        let repair = self.accept(chat, &channel, deliveries.into_iter().map(Arc::new).collect());
        if repair {
            let this = self.clone();
            self.0.tasks.spawn(async move { this.repair(chat, &channel).await });
        }
    }

    /// The deliveries of log events, as `sent` if they are messages.
    pub fn deliver_events(&self, chat: ChatId, events: &[LogEvent]) {
        self.deliver(chat, events.iter().map(|e| Delivery::new(e, Status::Sent)).collect());
    }

    /// Waits (not long) until everything up to `seq` has been handed to the chat's sockets.
    pub async fn caught_up(&self, chat: ChatId, seq: u64) {
        let Some(channel) = self.0.channels.lock().get(&chat).cloned() else { return };
        let mut position = channel.position.subscribe();
        let reached = position.wait_for(|position| *position >= seq);
        if tokio::time::timeout(ANSWER_PATIENCE, reached).await.is_err() {
            tracing::warn!(chat.id = %chat, seq, "an answer went before the events it follows");
        }
    }

    /// Opens those of the chats that are not open; their heads are read after they are
    /// registered.
    ///
    /// # Errors
    /// The store's, and then none of them is open.
    pub async fn open(&self, chats: &[ChatId]) -> StoreResult<()> {
        let fresh = self.register(chats);
        if fresh.is_empty() {
            return self.await_open(chats).await;
        }
        let ids: Vec<ChatId> = fresh.iter().map(|(chat, _)| *chat).collect();
        match self.0.store.heads(&ids).await {
            Ok(heads) => {
                let heads: HashMap<ChatId, u64> = heads.into_iter().collect();
                for (chat, channel) in fresh {
                    let head = heads.get(&chat).copied().unwrap_or(0);
                    self.start(chat, &channel, head);
                }
                self.await_open(chats).await
            }
            Err(error) => {
                let mut channels = self.0.channels.lock();
                for chat in ids {
                    channels.remove(&chat);
                }
                Err(error)
            }
        }
    }

    /// Runs `enter` under the chat's lock with the position and what was delivered after
    /// `after`; opens the chat and reads the store as often as it takes.
    ///
    /// # Errors
    /// The store's, and then `enter` was not run.
    pub async fn enter<T>(
        &self,
        chat: ChatId,
        after: Option<u64>,
        enter: impl FnOnce(u64, &[Arc<Delivery>]) -> T,
    ) -> StoreResult<T> {
        let mut replay: Vec<Arc<Delivery>> = Vec::new();
        let mut reached = after;
        loop {
            self.open(&[chat]).await?;
            let Some(channel) = self.0.channels.lock().get(&chat).cloned() else { continue };
            {
                let state = channel.state.lock();
                if let State::Open { order, .. } = &*state {
                    let rest = reached.map_or(Some(Vec::new()), |seq| order.since(seq));
                    // A channel that was closed meanwhile is not the one that is delivered to.
                    if let (Some(rest), true) = (rest, self.is_current(chat, &channel)) {
                        replay.extend(rest);
                        return Ok(enter(order.position(), &replay));
                    }
                }
            }
            let from = reached.unwrap_or(0);
            for event in self.0.store.events(chat, from, READ).await? {
                reached = Some(event.seq);
                replay.push(Arc::new(Delivery::new(&event, Status::Sent)));
            }
        }
    }

    /// Closes chats whose rooms are empty. To be called now and then.
    pub fn sweep(&self) {
        let mut channels = self.0.channels.lock();
        // Elsewhere the channel's lock is taken before this one: whoever holds it is using it.
        channels.retain(|chat, channel| match channel.state.try_lock() {
            Some(state) => matches!(*state, State::Opening(_)) || !self.0.fanout.is_empty(*chat),
            None => true,
        });
    }

    fn is_current(&self, chat: ChatId, channel: &Arc<Channel>) -> bool {
        self.0.channels.lock().get(&chat).is_some_and(|current| Arc::ptr_eq(current, channel))
    }

    fn register(&self, chats: &[ChatId]) -> Vec<(ChatId, Arc<Channel>)> {
        let mut channels = self.0.channels.lock();
        let mut fresh = Vec::new();
        for chat in chats {
            channels.entry(*chat).or_insert_with(|| {
                let channel = Arc::new(Channel {
                    state: Mutex::new(State::Opening(Vec::new())),
                    position: watch::channel(0).0,
                });
                fresh.push((*chat, Arc::clone(&channel)));
                channel
            });
        }
        fresh
    }

    fn start(&self, chat: ChatId, channel: &Arc<Channel>, head: u64) {
        let early = {
            let mut state = channel.state.lock();
            let open = State::Open { order: Order::from(head), repairing: false };
            match std::mem::replace(&mut *state, open) {
                State::Opening(early) => early,
                State::Open { .. } => Vec::new(),
            }
        };
        channel.position.send_replace(head);
        if self.accept(chat, channel, early) {
            let this = self.clone();
            let channel = Arc::clone(channel);
            self.0.tasks.spawn(async move { this.repair(chat, &channel).await });
        }
    }

    async fn await_open(&self, chats: &[ChatId]) -> StoreResult<()> {
        for chat in chats {
            let channel = self.0.channels.lock().get(chat).cloned();
            if let Some(channel) = channel {
                let mut position = channel.position.subscribe();
                let _ = tokio::time::timeout(PATIENCE, position.wait_for(|p| *p > 0)).await;
            }
        }
        Ok(())
    }

    /// Puts deliveries in order and hands out what is ready; whether a repair has to be started.
    fn accept(&self, chat: ChatId, channel: &Channel, deliveries: Vec<Arc<Delivery>>) -> bool {
        let mut state = channel.state.lock();
        match &mut *state {
            State::Opening(early) => {
                early.extend(deliveries);
                false
            }
            State::Open { order, repairing } => {
                let ready: Vec<_> = deliveries.into_iter().flat_map(|d| order.accept(d)).collect();
                if !ready.is_empty() {
                    self.0.fanout.deliver(chat, &ready);
                    channel.position.send_replace(order.position());
                }
                let start = order.has_gap() && !*repairing;
                *repairing |= start;
                start
            }
        }
    }

    /// Waits for the gap to close by itself, then reads it from the store until it is closed.
    async fn repair(&self, chat: ChatId, channel: &Arc<Channel>) {
        loop {
            tokio::time::sleep(PATIENCE).await;
            let position = {
                let mut state = channel.state.lock();
                let State::Open { order, repairing } = &mut *state else { return };
                if !order.has_gap() || !self.is_current(chat, channel) {
                    *repairing = false;
                    return;
                }
                order.position()
            };
            match self.0.store.events(chat, position, READ).await {
                Ok(events) => {
                    tracing::info!(chat.id = %chat, position, read = events.len(), "gap repaired");
                    let found = events.iter().map(|e| Arc::new(Delivery::new(e, Status::Sent)));
                    self.accept(chat, channel, found.collect());
                }
                Err(error) => tracing::warn!(chat.id = %chat, %error, "a gap cannot be read yet"),
            }
        }
    }
}
