//! The one connection that writes, and group commit: transactions that come one after the other
//! share one `COMMIT`, which is a wait for the disk.
//!
//! * A [`Tx`] has the connection for itself from its beginning to its end. The first begins a
//!   transaction of the database; if others wait when it ends, the next goes on in the same one
//!   under a savepoint, and the last of them commits for all. Each returns after that commit, so
//!   it is as durable as if it had been alone. A `Tx` that is dropped, or fails, takes only its own
//!   changes back.
//! * Who answers by what it read and wrote nothing commits, too: what it read may not be on disk.
//! * A group has an end: with 32 members it commits, whoever waits.
//! * Who is [`Pace::Patient`] waits, while others write, until the next of them comes, at most
//!   20 ms, and goes along: no send waits for a commit that a sign-in began.
//! * Nothing is left open when a caller goes away in the middle: a task does what is to be done.

mod group;
#[cfg(test)]
mod tests;
mod tx;

use std::sync::Arc;

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection, SqliteConnection};
use tokio::sync::{OwnedMutexGuard, watch};
use zvon_core::store::{StoreError, StoreResult};

use self::group::{Left, Shared, run};
use self::tx::Queued;
pub(super) use self::tx::Tx;
use super::failed;

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

impl Writer {
    pub(super) async fn open(options: &SqliteConnectOptions) -> StoreResult<Self> {
        let connection = options.connect().await.map_err(failed)?;
        Ok(Self(Arc::new(Shared::new(connection))))
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

    /// Moves with each commit.
    pub(super) fn news(&self) -> watch::Receiver<u64> {
        self.0.commits.subscribe()
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
