//! Those who share a commit, and how they end.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use sqlx::{SqliteConnection, raw_sql};
use tokio::sync::{Mutex, Notify, oneshot, watch};
use zvon_core::store::{StoreError, StoreResult};

use crate::sqlite::failed;

/// Most members of a group, or about that.
pub(super) const MOST: usize = 32;
/// How long a patient transaction waits for company.
pub(super) const PATIENCE: Duration = Duration::from_millis(20);
/// For how many milliseconds after a write others are to be expected.
pub(super) const LATELY: u64 = 100;

/// What those who write share.
pub(super) struct Shared {
    pub(super) connection: Arc<Mutex<SqliteConnection>>,
    pub(super) group: parking_lot::Mutex<Group>,
    /// Who waits for the connection.
    pub(super) waiting: AtomicUsize,
    /// How many commits there were.
    pub(super) commits: watch::Sender<u64>,
    /// A prompt transaction came.
    pub(super) prompt: Notify,
    /// When the last of them came, in milliseconds since `born`; 0 for never.
    pub(super) last: AtomicU64,
    pub(super) born: Instant,
}

/// Those who share a commit. Changed only by who has the connection.
#[derive(Default)]
pub(super) struct Group {
    /// Whether a transaction of the database is open.
    pub(super) open: bool,
    /// The last who had the connection went away without an end.
    pub(super) left: Option<Left>,
    /// Who waits for the commit.
    pub(super) members: Vec<oneshot::Sender<StoreResult<()>>>,
    pub(super) closed: bool,
}

/// What of a transaction has to be taken back.
#[derive(Clone, Copy)]
pub(super) enum Left {
    /// All of it.
    Alone,
    /// What was done since the savepoint.
    Member,
}

impl Shared {
    pub(super) fn new(connection: SqliteConnection) -> Self {
        Self {
            connection: Arc::new(Mutex::new(connection)),
            group: parking_lot::Mutex::default(),
            waiting: AtomicUsize::new(0),
            commits: watch::Sender::new(0),
            prompt: Notify::new(),
            last: AtomicU64::new(0),
            born: Instant::now(),
        }
    }

    pub(super) fn now(&self) -> u64 {
        u64::try_from(self.born.elapsed().as_millis()).unwrap_or(u64::MAX).saturating_add(1)
    }

    pub(super) fn announce(&self) {
        self.last.store(self.now(), Ordering::Relaxed);
        self.prompt.notify_waiters();
    }

    pub(super) async fn wait_for_company(&self) {
        let last = self.last.load(Ordering::Relaxed);
        if last > 0 && self.now().saturating_sub(last) < LATELY {
            let _ = tokio::time::timeout(PATIENCE, self.prompt.notified()).await;
        }
    }

    /// Takes back what somebody left behind. May be cut short, and is then gone on with.
    pub(super) async fn settle(&self, connection: &mut SqliteConnection) {
        let left = self.group.lock().left;
        match left {
            None => return,
            Some(Left::Alone) => {
                self.group.lock().open = false;
                let _ = run(connection, "ROLLBACK").await;
            }
            Some(Left::Member) => {
                let undone = run(connection, "ROLLBACK TO member; RELEASE member").await;
                if undone.is_err() {
                    self.give_up(connection, &undone).await;
                }
            }
        }
        self.group.lock().left = None;
    }

    /// Commits for everybody in the group.
    pub(super) async fn commit(&self, connection: &mut SqliteConnection) {
        if !self.group.lock().open {
            return;
        }
        let done = run(connection, "COMMIT").await;
        if done.is_err() {
            self.give_up(connection, &done).await;
        } else {
            self.commits.send_modify(|commits| *commits += 1);
            self.end(&done);
        }
    }

    /// The transaction failed as a whole; some failures have ended it already.
    pub(super) async fn give_up(&self, connection: &mut SqliteConnection, why: &StoreResult<()>) {
        let _ = run(connection, "ROLLBACK").await;
        self.end(why);
    }

    /// The group ended like this.
    pub(super) fn end(&self, how: &StoreResult<()>) {
        let members = {
            let mut group = self.group.lock();
            group.open = false;
            std::mem::take(&mut group.members)
        };
        for member in members {
            let failed = |why: &StoreError| StoreError::Unavailable(why.to_string());
            let _ = member.send(how.as_ref().copied().map_err(failed));
        }
    }

    /// On a task: takes back what was left, and commits unless somebody waits who will.
    pub(super) fn finish(self: &Arc<Self>) {
        let shared = Arc::clone(self);
        let finish = async move {
            let mut connection = shared.connection.lock().await;
            shared.settle(&mut connection).await;
            let full = shared.group.lock().members.len() >= MOST;
            if full || shared.waiting.load(Ordering::SeqCst) == 0 {
                shared.commit(&mut connection).await;
            }
        };
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(finish);
        }
    }
}

pub(super) async fn run(connection: &mut SqliteConnection, sql: &'static str) -> StoreResult<()> {
    raw_sql(sql).execute(connection).await.map_err(failed).map(drop)
}
