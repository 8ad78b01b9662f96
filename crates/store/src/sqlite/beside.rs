//! Opening a database beside the server that may be running on it: an operator's commands.
//!
//! Nothing is made and no schema is changed. Writes are the store's own verbs: short transactions
//! that wait their turn for the write lock, ten seconds at most.

use std::path::Path;
use std::time::Duration;

use sqlx::SqlitePool;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions, SqliteSynchronous};
use zvon_core::store::{StoreError, StoreResult};

use super::writer::Writer;
use super::{SCHEMA, Sqlite, failed};

const APPLIED: &str = "SELECT coalesce(max(version), 0) FROM _sqlx_migrations WHERE success";

/// How long a command waits for the server's transactions.
const PATIENCE: Duration = Duration::from_secs(10);

/// What a command may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Look.
    Read,
    /// Look, and call the verbs that write.
    Write,
}

impl Sqlite {
    /// Opens a database that is there and has exactly this program's schema.
    ///
    /// # Errors
    /// When there is none, it cannot be opened, or its schema is older or newer.
    pub async fn beside(path: &Path, access: Access) -> StoreResult<Self> {
        let readers = connect(path, Access::Read).await?;
        let (applied, known) = (applied(&readers).await?, known());
        if applied != known {
            return Err(StoreError::Broken(format!(
                "its schema is version {applied} and this program's is {known}: use the program \
                 of the running server, or start the new one once"
            )));
        }
        let writer = match access {
            Access::Read => Writer::open(&options(path, Access::Read)).await?,
            Access::Write => Writer::open(&options(path, Access::Write)).await?,
        };
        Ok(Self { writer, readers })
    }
}

/// One connection to a file that is there.
pub(super) async fn connect(path: &Path, access: Access) -> StoreResult<SqlitePool> {
    if !path.is_file() {
        return Err(StoreError::Unavailable(format!("there is no database {}", path.display())));
    }
    let pool = SqlitePoolOptions::new().max_connections(1).test_before_acquire(false);
    pool.connect_with(options(path, access)).await.map_err(failed)
}

fn options(path: &Path, access: Access) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(false)
        .read_only(access == Access::Read)
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(PATIENCE)
        .foreign_keys(false)
        .pragma("temp_store", "memory")
}

/// The version of the schema that a database has.
pub(super) async fn applied(database: &SqlitePool) -> StoreResult<i64> {
    sqlx::query_scalar(APPLIED).fetch_one(database).await.map_err(failed)
}

/// The version of the schema that this program has.
pub(super) fn known() -> i64 {
    SCHEMA.iter().map(|step| step.version).max().unwrap_or_default()
}
