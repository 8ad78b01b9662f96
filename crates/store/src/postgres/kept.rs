//! Connections whose last statement was answered, ready for the next one.
//!
//! The driver's pool asks the server twice whether a connection still answers whenever one comes
//! back, which costs the database half as much as a small statement. What was answered just now
//! needs no question: it is kept here, and the pool sees it again when it is idle or old, or when
//! its last statement failed. Turns are taken in order, no more than the pool has connections; so
//! whoever has one finds a connection here or in the pool.

use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use sqlx::pool::PoolConnection;
use sqlx::{Connection, Error, PgPool, Postgres as Driver};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

/// How long to wait for a turn.
const QUEUE: Duration = Duration::from_secs(5);
/// A connection is tested before its use after this time.
const TRUSTED: Duration = Duration::from_secs(1);
/// The pool looks after a connection that was not used for that long, or kept for longer.
const IDLE: Duration = Duration::from_secs(60);
const OLD: Duration = Duration::from_secs(300);

/// The right to use one connection.
pub(super) struct Turn {
    _permit: OwnedSemaphorePermit,
}

/// A connection in use.
pub(super) struct Held {
    pub(super) connection: PoolConnection<Driver>,
    /// Since when the pool has not seen it.
    since: Instant,
    _turn: Turn,
}

/// The connections that wait, the last used one last.
pub(super) struct Kept {
    turns: Arc<Semaphore>,
    idle: Mutex<Vec<Idle>>,
}

struct Idle {
    connection: PoolConnection<Driver>,
    since: Instant,
    used: Instant,
}

impl Kept {
    /// For a pool of `most` connections.
    pub(super) fn new(most: u32) -> Self {
        let most = usize::try_from(most).unwrap_or(1).max(1);
        Self { turns: Arc::new(Semaphore::new(most)), idle: Mutex::default() }
    }

    /// Waits for a turn, not for ever.
    pub(super) async fn turn(&self) -> Result<Turn, Error> {
        let turn = timeout(QUEUE, Arc::clone(&self.turns).acquire_owned()).await;
        let permit = turn.map_err(|_| Error::PoolTimedOut)?.map_err(|_| Error::PoolClosed)?;
        Ok(Turn { _permit: permit })
    }

    /// A connection that answers.
    pub(super) async fn take(&self, pool: &PgPool) -> Result<Held, Error> {
        let turn = self.turn().await?;
        while let Some(idle) = self.pop() {
            let Idle { mut connection, since, used } = idle;
            if used.elapsed() < TRUSTED
                || matches!(timeout(TRUSTED, connection.ping()).await, Ok(Ok(())))
            {
                return Ok(Held { connection, since, _turn: turn });
            }
            connection.close_on_drop();
        }
        Ok(Held { connection: pool.acquire().await?, since: Instant::now(), _turn: turn })
    }

    /// Keeps one whose statement was answered.
    pub(super) fn keep(&self, pool: &PgPool, held: Held) {
        let Held { connection, since, _turn: turn } = held;
        let now = Instant::now();
        let mut gone = Vec::new();
        if since.elapsed() < OLD && !pool.is_closed() {
            let mut idle = self.idle.lock();
            idle.push(Idle { connection, since, used: now });
            while idle.first().is_some_and(|first| first.used.elapsed() > IDLE) {
                gone.push(idle.remove(0));
            }
        }
        // Not under the lock, and not before it can be found.
        drop(gone);
        drop(turn);
    }

    /// Gives one back to the pool, for who asks there.
    pub(super) fn give_back(&self) {
        drop(self.pop());
    }

    /// Gives all back; those in use go there when they are answered, if the pool is closed.
    pub(super) fn clear(&self) {
        let all = std::mem::take(&mut *self.idle.lock());
        drop(all);
    }

    fn pop(&self) -> Option<Idle> {
        self.idle.lock().pop()
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        // The pool would want a task for each, and there may be no runtime any more.
        for idle in self.idle.get_mut().drain(..) {
            drop(idle.connection.detach());
        }
    }
}
