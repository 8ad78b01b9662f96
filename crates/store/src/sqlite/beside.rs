//! Opening a database beside the server that may be running on it: an operator's commands.
//!
//! Nothing is made and no schema is changed. Writes are the store's own verbs: short transactions
//! that wait their turn for the write lock, ten seconds at most.

use std::path::Path;
use std::time::Duration;

use sqlx::SqlitePool;
use sqlx::sqlite::{SqliteConnectOptions, SqliteSynchronous};
use zvon_core::store::{StoreError, StoreResult};

use super::writer::Writer;
use super::{Sqlite, options, pool, restrict, schema};
use crate::Access;
use crate::schema::{Schema, Step};

/// How long a command waits for the server's transactions.
const PATIENCE: Duration = Duration::from_secs(10);

impl Sqlite {
    /// Opens a database that is there and has a schema on which this program may run.
    ///
    /// # Errors
    /// When there is none, it cannot be opened, or its schema is older or asks for a newer program.
    pub async fn beside(path: &Path, access: Access) -> StoreResult<Self> {
        let readers = connect(path, Access::Read).await?;
        schema::look(&readers).await?.check()?;
        let writer = match access {
            Access::Read => Writer::open(&existing(path, Access::Read)).await?,
            Access::Write => Writer::open(&existing(path, Access::Write)).await?,
        };
        Ok(Self { writer, readers, serves: false })
    }

    /// How the schema of a database that is there stands to this program's. It is only read.
    ///
    /// # Errors
    /// When there is none, or it cannot be opened.
    pub async fn schema(path: &Path) -> StoreResult<Schema> {
        schema::look(&connect(path, Access::Read).await?).await
    }

    /// Makes the database if need be, and brings its schema up to date; the steps that this took.
    ///
    /// # Errors
    /// As of `open`.
    pub async fn migrate(path: &Path) -> StoreResult<Vec<Step>> {
        restrict(path)?;
        let alone = pool(options(path)).await?;
        let steps = schema::bring_up_to_date(&alone).await;
        alone.close().await;
        steps
    }
}

/// One connection to a file that is there.
pub(super) async fn connect(path: &Path, access: Access) -> StoreResult<SqlitePool> {
    if !path.is_file() {
        return Err(StoreError::Unavailable(format!("there is no database {}", path.display())));
    }
    pool(existing(path, access)).await
}

fn existing(path: &Path, access: Access) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(false)
        .read_only(access == Access::Read)
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(PATIENCE)
        .foreign_keys(false)
        .pragma("temp_store", "memory")
}
