//! Hands each chat's events to this node's sockets in order of seq, each once.
//!
//! * A chat is *open* here while a socket is in its room. Opening registers first and reads the
//!   head second, so nothing falls between; deliveries of chats that are not open are dropped.
//! * [`Sequencer::enter`] runs its closure under the chat's lock: what it queues to a socket and
//!   the socket's entry into the room are one step for everything that is delivered.
//! * A gap is held for 100 ms, then read from the store, so a lost or late hand-over (a task
//!   that died after its commit, a lost publish) costs time, never an event.
//! * No lock is held across an await.

mod channel;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio_util::task::TaskTracker;
use zvon_protocol::ids::ChatId;
use zvon_protocol::message::Status;

use self::channel::Channel;
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

/// Chats that are registered and not yet open: forgotten if their opening fails, or if whoever
/// opens them goes away meanwhile.
struct Unopened<'a> {
    sequencer: &'a Sequencer,
    chats: Vec<ChatId>,
}

impl Drop for Unopened<'_> {
    fn drop(&mut self) {
        let mut channels = self.sequencer.0.channels.lock();
        self.chats.iter().for_each(|chat| drop(channels.remove(chat)));
    }
}

impl Sequencer {
    /// A sequencer over these seams; its repairs run on `tasks`.
    #[must_use]
    pub fn new(store: Arc<dyn Store>, fanout: Arc<dyn Fanout>, tasks: TaskTracker) -> Self {
        Self(Arc::new(Shared { channels: Mutex::default(), fanout, store, tasks }))
    }

    /// Takes what a commit added to one chat.
    pub fn deliver(&self, chat: ChatId, deliveries: Vec<Delivery>) {
        let Some(channel) = self.channel(chat) else { return };
        if self.accept(chat, &channel, deliveries) {
            self.start_repair(chat, channel);
        }
    }

    /// The deliveries of log events, as `sent` if they are messages.
    pub fn deliver_events(&self, chat: ChatId, events: &[LogEvent]) {
        self.deliver(chat, events.iter().map(|e| Delivery::new(e, Status::Sent)).collect());
    }

    /// Waits (not long) until everything up to `seq` has been handed to the chat's sockets.
    pub async fn caught_up(&self, chat: ChatId, seq: u64) {
        let Some(channel) = self.channel(chat) else { return };
        if tokio::time::timeout(ANSWER_PATIENCE, channel.reached(seq)).await.is_err() {
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
        if !fresh.is_empty() {
            let ids = fresh.iter().map(|(chat, _)| *chat).collect();
            let mut unopened = Unopened { sequencer: self, chats: ids };
            let heads = self.0.store.heads(&unopened.chats).await?;
            unopened.chats.clear();
            self.start(fresh, &heads.into_iter().collect());
        }
        for channel in chats.iter().filter_map(|chat| self.channel(*chat)) {
            // Somebody else is opening it; if they fail, whoever needs it opens it again.
            let _ = tokio::time::timeout(PATIENCE, channel.opened()).await;
        }
        Ok(())
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
            let Some(channel) = self.channel(chat) else { continue };
            let from = {
                let state = channel.lock();
                // A channel that was closed meanwhile is not the one that is delivered to.
                let Some(order) = state.order().filter(|_| self.is_current(chat, &channel)) else {
                    continue;
                };
                let position = order.position();
                match reached.map_or(Some(Vec::new()), |seq| order.since(seq)) {
                    Some(rest) if reached.is_none_or(|seq| seq <= position) => {
                        replay.extend(rest);
                        return Ok(enter(position, &replay));
                    }
                    Some(_) => Err(reached.unwrap_or(position)),
                    None => Ok(reached.unwrap_or(position)),
                }
            };
            let from = match from {
                Ok(from) => from,
                Err(ahead) => {
                    if !self.catch_up_with(chat, &channel, ahead).await? {
                        reached = None;
                    }
                    continue;
                }
            };
            for event in self.0.store.events(chat, from, READ).await? {
                reached = Some(event.seq);
                replay.push(Arc::new(Delivery::new(&event, Status::Sent)));
            }
        }
    }

    /// Brings the chat's sockets up to what somebody read from the store before it was handed
    /// out; whether it is there.
    async fn catch_up_with(
        &self,
        chat: ChatId,
        channel: &Arc<Channel>,
        seq: u64,
    ) -> StoreResult<bool> {
        if tokio::time::timeout(PATIENCE, channel.reached(seq)).await.is_ok() {
            return Ok(true);
        }
        let Some(position) = channel.lock().order().map(Order::position) else { return Ok(true) };
        let events = self.0.store.events(chat, position, READ).await?;
        let there = !events.is_empty();
        let found = events.iter().map(|event| Delivery::new(event, Status::Sent)).collect();
        if self.accept(chat, channel, found) {
            self.start_repair(chat, Arc::clone(channel));
        }
        Ok(there)
    }

    /// Closes chats whose rooms are empty. To be called now and then.
    pub fn sweep(&self) {
        let mut channels = self.0.channels.lock();
        // Elsewhere the channel's lock is taken before this one: whoever holds it is using it.
        channels.retain(|chat, channel| match channel.try_lock() {
            Some(state) => state.order().is_none() || !self.0.fanout.is_empty(*chat),
            None => true,
        });
    }

    fn channel(&self, chat: ChatId) -> Option<Arc<Channel>> {
        self.0.channels.lock().get(&chat).cloned()
    }

    fn is_current(&self, chat: ChatId, channel: &Arc<Channel>) -> bool {
        self.0.channels.lock().get(&chat).is_some_and(|current| Arc::ptr_eq(current, channel))
    }

    fn register(&self, chats: &[ChatId]) -> Vec<(ChatId, Arc<Channel>)> {
        let mut channels = self.0.channels.lock();
        let mut fresh = Vec::new();
        for chat in chats {
            channels.entry(*chat).or_insert_with(|| {
                let channel = Arc::new(Channel::opening());
                fresh.push((*chat, Arc::clone(&channel)));
                channel
            });
        }
        fresh
    }

    fn start(&self, fresh: Vec<(ChatId, Arc<Channel>)>, heads: &HashMap<ChatId, u64>) {
        for (chat, channel) in fresh {
            let early = channel.open_at(heads.get(&chat).copied().unwrap_or(0));
            if self.accept(chat, &channel, early) {
                self.start_repair(chat, channel);
            }
        }
    }

    /// Puts deliveries in order and hands out what is ready; whether a repair has to be started.
    fn accept(&self, chat: ChatId, channel: &Channel, deliveries: Vec<Delivery>) -> bool {
        channel.accept(deliveries, |ready| self.0.fanout.deliver(chat, ready))
    }

    fn start_repair(&self, chat: ChatId, channel: Arc<Channel>) {
        let this = self.clone();
        self.0.tasks.spawn(async move { this.repair(chat, &channel).await });
    }

    /// Waits for the gap to close by itself, then reads it from the store until it is closed.
    async fn repair(&self, chat: ChatId, channel: &Arc<Channel>) {
        loop {
            tokio::time::sleep(PATIENCE).await;
            let Some(position) = channel.gap(|| self.is_current(chat, channel)) else { return };
            match self.0.store.events(chat, position, READ).await {
                Ok(events) => {
                    tracing::info!(chat.id = %chat, position, read = events.len(), "gap repaired");
                    let found = events.iter().map(|event| Delivery::new(event, Status::Sent));
                    self.accept(chat, channel, found.collect());
                }
                Err(error) => tracing::warn!(chat.id = %chat, %error, "a gap cannot be read yet"),
            }
        }
    }
}
