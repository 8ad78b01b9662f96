//! The stores: the seam's suite, and what is their own.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod audit;
mod beside;
mod contract;
mod crash;
mod file;
mod gather;
mod growth;
mod lane;
mod looks;
mod plans;
mod postgres;
mod relay;
mod rooms;
mod scene;
mod sequencer;
mod told;
mod wire;

use std::sync::Arc;

use sqlx::SqlitePool;
use sqlx::sqlite::SqliteConnectOptions;
use tempfile::TempDir;
use zvon_store::sqlite::Sqlite;

/// A store on a file that is gone with it.
struct Place {
    dir: TempDir,
}

impl Place {
    fn new() -> Self {
        Self { dir: tempfile::tempdir().unwrap() }
    }

    fn path(&self) -> std::path::PathBuf {
        self.dir.path().join("zvon.db")
    }

    async fn open(&self) -> Arc<Sqlite> {
        Arc::new(Sqlite::open(&self.path(), 4).await.unwrap())
    }

    /// A connection of our own, past the store.
    async fn raw(&self) -> SqlitePool {
        let options = SqliteConnectOptions::new().filename(self.path());
        SqlitePool::connect_with(options).await.unwrap()
    }
}
