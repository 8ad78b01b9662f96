//! Hands each chat's events to this node's sockets in order of seq, each once; tells the other
//! nodes of those that this node committed.
//!
//! * A chat is *open* here while a socket is in its room. Opening registers first and reads the
//!   head second, so nothing falls between; deliveries of chats that are not open are dropped.
//! * [`Sequencer::enter`] runs its closure under the chat's lock: what it queues to a socket and
//!   the socket's entry into the room are one step for everything that is delivered.
//! * A gap is held for 100 ms, then read from the store, so a lost or late hand-over (a task
//!   that died after its commit, a lost publish) costs time, never an event.
//! * Whoever is handed what another node committed has received it: their cursors follow. (What
//!   this node commits moves them in its own transaction.)
//! * No lock is held across an await.

mod channel;
mod open;
mod repair;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use metrics::{Counter, counter, describe_counter};
use parking_lot::Mutex;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use zvon_protocol::ids::ChatId;
use zvon_protocol::message::Status;

use self::channel::{Accepted, Channel};
use super::Delivery;
use super::bus::{Bus, News};
use super::cursor::Cursors;
use super::fanout::Fanout;
use super::store::Move;
use crate::message::LogEvent;
use crate::store::{Store, StoreResult};

/// How long a gap may close by itself.
const PATIENCE: Duration = Duration::from_millis(100);
/// How long an answer waits for the events before it.
const ANSWER_PATIENCE: Duration = Duration::from_millis(500);
/// How many events one reading of a gap brings.
const READ: u32 = 256;
/// In chats with more people looking on, only what clients report moves delivered cursors.
pub(super) const RECEIPTS: usize = 200;

/// The sequencer of a node. Cheap to clone.
#[derive(Clone)]
pub struct Sequencer(Arc<Shared>);

struct Shared {
    channels: Mutex<HashMap<ChatId, Arc<Channel>>>,
    seams: Seams,
    /// Readings of what nobody handed over, and the events they brought.
    gaps: (Counter, Counter),
}

/// What a sequencer works with.
pub struct Seams {
    /// Where gaps are read.
    pub store: Arc<dyn Store>,
    /// Where it hands out.
    pub fanout: Arc<dyn Fanout>,
    /// The other nodes.
    pub bus: Arc<dyn Bus>,
    /// Where receipts go.
    pub cursors: Cursors,
    /// Where repairs run.
    pub tasks: TaskTracker,
    /// When they end, whatever is missing.
    pub stop: CancellationToken,
}

impl Seams {
    /// The seams, and a handle of everything else.
    #[must_use]
    pub fn new(
        (store, fanout, bus): (Arc<dyn Store>, Arc<dyn Fanout>, Arc<dyn Bus>),
        cursors: &Cursors,
        tasks: &TaskTracker,
        stop: &CancellationToken,
    ) -> Self {
        let (cursors, tasks, stop) = (cursors.clone(), tasks.clone(), stop.clone());
        Self { store, fanout, bus, cursors, tasks, stop }
    }
}

impl Sequencer {
    /// A sequencer over these seams.
    #[must_use]
    pub fn new(seams: Seams) -> Self {
        describe_counter!("zvon_gaps_total", "Readings of what no node handed over in time.");
        describe_counter!("zvon_gap_events_total", "Events that those readings brought.");
        let gaps = (counter!("zvon_gaps_total"), counter!("zvon_gap_events_total"));
        Self(Arc::new(Shared { channels: Mutex::default(), seams, gaps }))
    }

    /// This node's own commit went on with a chat: its sockets here hear of it, then the other
    /// nodes.
    pub fn committed(&self, chat: ChatId, events: Vec<(LogEvent, Status)>) {
        if let Some(channel) = self.channel(chat) {
            let last = events.last().map(|(event, _)| event.seq);
            let accepted = self.accept(chat, &channel, deliveries(&events));
            // It may have let go what others committed after it.
            let foreign = accepted.reached.filter(|reached| Some(*reached) > last);
            self.settle(chat, &channel, Accepted { reached: foreign, ..accepted });
        }
        if !events.is_empty() {
            self.0.seams.bus.publish(News::Log { chat, events });
        }
    }

    /// What was committed elsewhere.
    pub fn hear(&self, chat: ChatId, events: &[(LogEvent, Status)]) {
        if let Some(channel) = self.channel(chat) {
            self.accept_foreign(chat, &channel, deliveries(events));
        }
    }

    /// How far the chat's log is known here, if somebody follows it.
    #[must_use]
    pub fn known(&self, chat: ChatId) -> Option<u64> {
        self.channel(chat)?.lock().order().map(super::order::Order::position)
    }

    /// Waits (not long) until everything up to `seq` has been handed to the chat's sockets.
    pub async fn caught_up(&self, chat: ChatId, seq: u64) {
        let Some(channel) = self.channel(chat) else { return };
        if tokio::time::timeout(ANSWER_PATIENCE, channel.reached(seq)).await.is_err() {
            tracing::warn!(chat.id = %chat, seq, "an answer went before the events it follows");
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
            for event in self.0.seams.store.events(chat, from, READ).await? {
                reached = Some(event.seq);
                replay.push(Arc::new(Delivery::new(&event, Status::Sent)));
            }
        }
    }

    fn channel(&self, chat: ChatId) -> Option<Arc<Channel>> {
        self.0.channels.lock().get(&chat).cloned()
    }

    fn is_current(&self, chat: ChatId, channel: &Arc<Channel>) -> bool {
        self.0.channels.lock().get(&chat).is_some_and(|current| Arc::ptr_eq(current, channel))
    }

    /// Puts deliveries in order and hands out what is ready.
    fn accept(&self, chat: ChatId, channel: &Channel, deliveries: Vec<Delivery>) -> Accepted {
        channel.accept(deliveries, |ready| self.0.seams.fanout.deliver(chat, ready))
    }

    /// Takes what this node did not commit; who is handed it has received it.
    fn accept_foreign(&self, chat: ChatId, channel: &Arc<Channel>, deliveries: Vec<Delivery>) {
        let accepted = self.accept(chat, channel, deliveries);
        self.settle(chat, channel, accepted);
    }

    /// Notes receipts up to `reached`, and repairs what is missing.
    fn settle(&self, chat: ChatId, channel: &Arc<Channel>, accepted: Accepted) {
        let Accepted { reached, repair } = accepted;
        if let Some(seq) = reached {
            let present = self.0.seams.fanout.present(chat, RECEIPTS + 1);
            for user in present.iter().filter(|_| present.len() <= RECEIPTS) {
                let step = Move { chat, user: *user, session: None, delivered: seq, read: 0 };
                self.0.seams.cursors.move_later(step);
            }
        }
        if repair {
            self.start_repair(chat, Arc::clone(channel));
        }
    }
}

fn deliveries(events: &[(LogEvent, Status)]) -> Vec<Delivery> {
    events.iter().map(|(event, status)| Delivery::new(event, *status)).collect()
}
