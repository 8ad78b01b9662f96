//! Account events that change nothing else, on their way into the outbox: connections that begin
//! and end, sign-ins that were refused.
//!
//! Nobody waits for them. They gather for a quarter of a second, or until they fill a row, and are
//! committed together: ten thousand connects at once are some twenty commits. Events keep their
//! order, so a connection's beginning stands before its end. While the store is away they wait. The
//! queue is bounded in bytes; what finds it full is counted and not recorded, and so is what waits
//! when the process is killed. A row whose commit was not answered is written again, so an event
//! may come twice.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio_util::task::TaskTracker;
use zvon_protocol::ids::UserId;
use zvon_protocol::time::Timestamp;

use super::event::{AccountEvent, AccountKind};
use super::queue::{Queue, ROW};
use crate::clock::Clock;
use crate::meters::Meters;
use crate::store::{Store, StoreError};

/// How long events gather.
const GATHER: Duration = Duration::from_millis(250);
/// When the store is asked again after a failure.
const AGAIN: Duration = Duration::from_millis(500);
/// How often, once there is nothing more to come.
const LAST_TRIES: u32 = 4;
/// Most characters of what a client calls itself.
const DEVICE: usize = 256;

/// The gathered events of a node. Cheap to clone.
#[derive(Clone)]
pub struct Gather(Arc<Shared>);

struct Shared {
    queue: Mutex<Queue>,
    clock: Arc<dyn Clock>,
    meters: Arc<Meters>,
    /// The first one waits.
    some: Notify,
    /// A row is full.
    full: Notify,
    closed: AtomicBool,
    /// Whether the last one found no room.
    refusing: AtomicBool,
}

impl Gather {
    /// Starts the queue.
    pub fn start(
        store: Arc<dyn Store>,
        clock: Arc<dyn Clock>,
        meters: Arc<Meters>,
        tasks: &TaskTracker,
    ) -> Self {
        let gather = Self(Arc::new(Shared {
            queue: Mutex::default(),
            clock,
            meters,
            some: Notify::new(),
            full: Notify::new(),
            closed: AtomicBool::new(false),
            refusing: AtomicBool::new(false),
        }));
        tasks.spawn(run(store, Arc::clone(&gather.0)));
        gather
    }

    /// Something happened to a user now. Waits for nothing.
    pub fn tell(&self, user: UserId, kind: AccountKind) {
        let shared = &self.0;
        let mut queue = shared.queue.lock();
        // Under the lock, so that times ascend as far as the clock's do.
        let taken = queue.push(shared.clock.now(), AccountEvent { user, kind });
        let waiting = queue.len();
        drop(queue);
        if !taken {
            shared.meters.lost(1);
            if !shared.refusing.swap(true, Ordering::Relaxed) {
                tracing::warn!(waiting, "account events find no room and are not recorded");
            }
            return;
        }
        if waiting == 1 {
            shared.some.notify_one();
        }
        if waiting.is_multiple_of(ROW) {
            shared.full.notify_one();
        }
    }

    /// Nothing more is to come; what waits is still written.
    pub fn close(&self) {
        self.0.closed.store(true, Ordering::Release);
        self.0.some.notify_one();
        self.0.full.notify_one();
    }
}

/// What a client calls itself, no longer than it is kept.
pub(crate) fn device(said: &str) -> String {
    said.chars().take(DEVICE).collect()
}

async fn run(store: Arc<dyn Store>, shared: Arc<Shared>) {
    while !shared.closed.load(Ordering::Acquire) {
        if shared.queue.lock().len() == 0 {
            shared.some.notified().await;
        }
        let _ = tokio::time::timeout(GATHER, shared.full.notified()).await;
        shared.write(&*store).await;
    }
    // What came between the last look and the end.
    shared.write(&*store).await;
}

impl Shared {
    /// Writes what waits, row by row, for as long as it takes; after the end a few tries.
    async fn write(&self, store: &dyn Store) {
        let (mut failures, mut next) = (0, self.next());
        while let Some((at, events)) = next {
            match store.record(at, &events).await {
                Ok(()) => self.written(events.len()),
                Err(StoreError::Broken(why)) => {
                    tracing::error!(why, "account events are refused by the database");
                    self.meters.lost(events.len());
                    self.written(events.len());
                }
                Err(error) => {
                    failures += 1;
                    let waiting = self.queue.lock().len();
                    tracing::warn!(%error, waiting, "account events could not be recorded");
                    if self.closed.load(Ordering::Acquire) && failures >= LAST_TRIES {
                        self.meters.lost(waiting);
                        self.written(waiting);
                        return;
                    }
                    tokio::time::sleep(AGAIN).await;
                }
            }
            next = self.next();
        }
    }

    fn next(&self) -> Option<(Timestamp, Vec<AccountEvent>)> {
        self.queue.lock().row()
    }

    fn written(&self, count: usize) {
        self.queue.lock().done(count);
        self.refusing.store(false, Ordering::Relaxed);
    }
}
