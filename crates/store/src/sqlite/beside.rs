//! Opening a database beside the server that may be running on it: an operator's commands.
//!
//! Nothing is made and no schema is changed. Writes are the store's own verbs: short transactions
//! that wait their turn for the write lock, ten seconds at most.

use std::path::Path;
use std::time::Duration;

use sqlx::SqlitePool;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions, SqliteSynchronous};
use zvon_core::store::{StoreError, StoreResult};

use super::{Sqlite, failed, options, schema, writer};
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
            Access::Read => readers.clone(),
            Access::Write => connect(path, Access::Write).await?,
        };
        Ok(Self { writer, readers })
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
        let writer = writer(path, options(path)).await?;
        let steps = schema::bring_up_to_date(&writer).await;
        writer.close().await;
        steps
    }
}

/// One connection to a file that is there.
pub(super) async fn connect(path: &Path, access: Access) -> StoreResult<SqlitePool> {
    if !path.is_file() {
        return Err(StoreError::Unavailable(format!("there is no database {}", path.display())));
    }
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(false)
        .read_only(access == Access::Read)
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(PATIENCE)
        .foreign_keys(false)
        .pragma("temp_store", "memory");
    let pool = SqlitePoolOptions::new().max_connections(1).test_before_acquire(false);
    pool.connect_with(options).await.map_err(failed)
}
