//! The one connection that writes, and group commit: transactions that come one after the other
//! share one `COMMIT`, which is a wait for the disk.
//!
//! * A [`Tx`] has the connection for itself from its beginning to its end. The first begins a
//!   transaction of the database; if others wait when it ends, the next goes on in the same one
//!   under a savepoint, and the last of them commits for all. Each returns after that commit, so
//!   it is as durable as if it had been alone. A `Tx` that is dropped, or fails, takes only its own
//!   changes back.
//! * Who answers by what it read and wrote nothing commits, too: what it read may not be on disk.
//! * A group has an end: with [`MOST`] members it commits, whoever waits.
//! * Who is [`Pace::Patient`] waits, while others write, until the next of them comes, at most
//!   [`PATIENCE`], and goes along: no send waits for a commit that a sign-in began.
//! * Nothing is left open when a caller goes away in the middle: a task does what is to be done.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection, SqliteConnection, raw_sql};
use tokio::sync::{Mutex, Notify, OwnedMutexGuard, oneshot};
use zvon_core::store::{StoreError, StoreResult};

use super::failed;

/// Most members of a group, or about that.
const MOST: usize = 32;
/// How long a patient transaction waits for company.
const PATIENCE: Duration = Duration::from_millis(20);
/// For how many milliseconds after a write others are to be expected.
const LATELY: u64 = 100;

/// How soon a transaction has to begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pace {
    /// At once.
    Prompt,
    /// With the next prompt one, if there are such.
    Patient,
}

/// The connection that writes. Cheap to clone.
#[derive(Clone)]
pub(super) struct Writer(Arc<Shared>);

struct Shared {
    connection: Arc<Mutex<SqliteConnection>>,
    group: parking_lot::Mutex<Group>,
    /// Who waits for the connection.
    waiting: AtomicUsize,
    /// A prompt transaction came.
    prompt: Notify,
    /// When the last of them came, in milliseconds since `born`; 0 for never.
    last: AtomicU64,
    born: Instant,
}

/// Those who share a commit. Changed only by who has the connection.
#[derive(Default)]
struct Group {
    /// Whether a transaction of the database is open.
    open: bool,
    /// The last who had the connection went away without an end.
    left: Option<Left>,
    /// Who waits for the commit.
    members: Vec<oneshot::Sender<StoreResult<()>>>,
    closed: bool,
}

/// What of a transaction has to be taken back.
#[derive(Clone, Copy)]
enum Left {
    /// All of it.
    Alone,
    /// What was done since the savepoint.
    Member,
}

impl Writer {
    pub(super) async fn open(options: &SqliteConnectOptions) -> StoreResult<Self> {
        let connection = options.connect().await.map_err(failed)?;
        Ok(Self(Arc::new(Shared {
            connection: Arc::new(Mutex::new(connection)),
            group: parking_lot::Mutex::default(),
            waiting: AtomicUsize::new(0),
            prompt: Notify::new(),
            last: AtomicU64::new(0),
            born: Instant::now(),
        })))
    }

    /// Begins when everything before it is done; sees what those before it wrote.
    pub(super) async fn begin(&self, pace: Pace) -> StoreResult<Tx> {
        let shared = Arc::clone(&self.0);
        match pace {
            Pace::Prompt => shared.announce(),
            Pace::Patient => shared.wait_for_company().await,
        }
        let queued = Queued::new(&shared);
        let connection = Arc::clone(&shared.connection).lock_owned().await;
        queued.served();
        let mut tx = Tx { connection, shared: Arc::clone(&shared), left: None };
        shared.settle(&mut tx).await;
        let nested = {
            let mut group = shared.group.lock();
            if group.closed {
                return Err(StoreError::Unavailable("the database is closed".to_owned()));
            }
            std::mem::replace(&mut group.open, true)
        };
        tx.left = Some(if nested { Left::Member } else { Left::Alone });
        run(&mut tx, if nested { "SAVEPOINT member" } else { "BEGIN IMMEDIATE" }).await?;
        Ok(tx)
    }

    /// The connection between transactions.
    pub(super) async fn connection(&self) -> OwnedMutexGuard<SqliteConnection> {
        Arc::clone(&self.0.connection).lock_owned().await
    }

    /// Waits for what is under way and closes the connection.
    pub(super) async fn close(&self) {
        let mut connection = self.0.connection.lock().await;
        self.0.settle(&mut connection).await;
        self.0.commit(&mut connection).await;
        self.0.group.lock().closed = true;
        let nothing = SqliteConnectOptions::new().in_memory(true).connect().await;
        let closed = match nothing {
            Ok(nothing) => std::mem::replace(&mut *connection, nothing).close().await,
            Err(error) => Err(error),
        };
        if let Err(error) = closed {
            tracing::warn!(%error, "the database was not closed well");
        }
    }
}

impl Shared {
    fn now(&self) -> u64 {
        u64::try_from(self.born.elapsed().as_millis()).unwrap_or(u64::MAX).saturating_add(1)
    }

    fn announce(&self) {
        self.last.store(self.now(), Ordering::Relaxed);
        self.prompt.notify_waiters();
    }

    async fn wait_for_company(&self) {
        let last = self.last.load(Ordering::Relaxed);
        if last > 0 && self.now().saturating_sub(last) < LATELY {
            let _ = tokio::time::timeout(PATIENCE, self.prompt.notified()).await;
        }
    }

    /// Takes back what somebody left behind. May be cut short, and is then gone on with.
    async fn settle(&self, connection: &mut SqliteConnection) {
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
    async fn commit(&self, connection: &mut SqliteConnection) {
        if !self.group.lock().open {
            return;
        }
        let done = run(connection, "COMMIT").await;
        if done.is_err() {
            self.give_up(connection, &done).await;
        } else {
            self.end(&done);
        }
    }

    /// The transaction failed as a whole; some failures have ended it already.
    async fn give_up(&self, connection: &mut SqliteConnection, why: &StoreResult<()>) {
        let _ = run(connection, "ROLLBACK").await;
        self.end(why);
    }

    /// The group ended like this.
    fn end(&self, how: &StoreResult<()>) {
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
    fn finish(self: &Arc<Self>) {
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

/// Somebody in the queue. Those before them may count on them to commit.
struct Queued<'a> {
    shared: &'a Arc<Shared>,
    served: bool,
}

impl<'a> Queued<'a> {
    fn new(shared: &'a Arc<Shared>) -> Self {
        shared.waiting.fetch_add(1, Ordering::SeqCst);
        Self { shared, served: false }
    }

    fn served(mut self) {
        self.served = true;
    }
}

impl Drop for Queued<'_> {
    fn drop(&mut self) {
        self.shared.waiting.fetch_sub(1, Ordering::SeqCst);
        if !self.served {
            self.shared.finish();
        }
    }
}

/// A transaction. Taken back if it is dropped.
pub(super) struct Tx {
    connection: OwnedMutexGuard<SqliteConnection>,
    shared: Arc<Shared>,
    /// What has to be taken back if it is dropped now.
    left: Option<Left>,
}

impl Tx {
    /// Returns when it is durable, and everything that it saw.
    ///
    /// # Errors
    /// When it is not, or nobody knows.
    pub(super) async fn commit(mut self) -> StoreResult<()> {
        if let Some(Left::Member) = self.left.take() {
            let released = run(&mut self, "RELEASE member").await;
            if released.is_err() {
                let shared = Arc::clone(&self.shared);
                shared.give_up(&mut self, &released).await;
                return released;
            }
        }
        let (reply, done) = oneshot::channel();
        self.shared.group.lock().members.push(reply);
        drop(self);
        let lost = |_| Err(StoreError::Unavailable("the transaction was lost".to_owned()));
        done.await.unwrap_or_else(lost)
    }
}

impl Deref for Tx {
    type Target = SqliteConnection;

    fn deref(&self) -> &SqliteConnection {
        &self.connection
    }
}

impl DerefMut for Tx {
    fn deref_mut(&mut self) -> &mut SqliteConnection {
        &mut self.connection
    }
}

impl Drop for Tx {
    fn drop(&mut self) {
        let others = self.shared.waiting.load(Ordering::SeqCst) > 0;
        let full = {
            let mut group = self.shared.group.lock();
            group.left = self.left.take().or(group.left);
            group.members.len() >= MOST
        };
        if full || !others {
            self.shared.finish();
        }
    }
}

async fn run(connection: &mut SqliteConnection, sql: &'static str) -> StoreResult<()> {
    raw_sql(sql).execute(connection).await.map_err(failed).map(drop)
}

#[cfg(test)]
mod tests;
