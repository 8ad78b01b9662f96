//! One transaction at a time, and who waits for the next.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use sqlx::SqliteConnection;
use tokio::sync::{OwnedMutexGuard, oneshot};
use zvon_core::store::{StoreError, StoreResult};

use super::group::{Left, MOST, Shared, run};

/// Somebody in the queue. Those before them may count on them to commit.
pub(super) struct Queued<'a> {
    pub(super) shared: &'a Arc<Shared>,
    pub(super) served: bool,
}

impl<'a> Queued<'a> {
    pub(super) fn new(shared: &'a Arc<Shared>) -> Self {
        shared.waiting.fetch_add(1, Ordering::SeqCst);
        Self { shared, served: false }
    }

    pub(super) fn served(mut self) {
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
pub(in crate::sqlite) struct Tx {
    pub(super) connection: OwnedMutexGuard<SqliteConnection>,
    pub(super) shared: Arc<Shared>,
    /// What has to be taken back if it is dropped now.
    pub(super) left: Option<Left>,
}

impl Tx {
    /// Returns when it is durable, and everything that it saw.
    ///
    /// # Errors
    /// When it is not, or nobody knows.
    pub(in crate::sqlite) async fn commit(mut self) -> StoreResult<()> {
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
