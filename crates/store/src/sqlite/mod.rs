//! The store on SQLite: one file, one writer, several readers.
//!
//! * WAL with `synchronous=FULL`: what was answered survives a kill and a power cut.
//! * All writes go through one connection, each a transaction of a constant number of statements;
//!   those that meet share a commit (`writer`). Readers see the last commit and never wait for the
//!   writer.
//! * The files are for their owner only (0600).

mod account;
mod analytics;
mod append;
mod audit;
pub mod backup;
mod beside;
mod chat;
mod cursor;
mod delivery;
mod export;
mod group;
pub mod inspect;
mod job;
mod log;
mod message;
mod numbering;
mod operator;
mod outbox;
mod pin;
mod position;
mod retention;
mod schema;
mod session;
mod webhook;
mod writer;

use std::fs::{OpenOptions, Permissions};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;
use std::time::Duration;

use sqlx::query::Query;
use sqlx::sqlite::{
    SqliteArguments, SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{AssertSqlSafe, Sqlite as Driver, SqlitePool};
use zvon_core::store::{StoreError, StoreResult};

use self::writer::{Pace, Tx, Writer};

/// The store on SQLite. Cheap to clone.
#[derive(Clone)]
pub struct Sqlite {
    writer: Writer,
    readers: SqlitePool,
    /// Whether it is a server's, and not opened beside one.
    serves: bool,
}

impl Sqlite {
    /// Opens (or makes) the database file and brings its schema up to date.
    ///
    /// # Errors
    /// When the file cannot be opened, is no database of ours, or asks for a newer program.
    pub async fn open(path: &Path, readers: u32) -> StoreResult<Self> {
        Self::migrate(path).await?;
        let options = options(path);
        let writer = Writer::open(&options).await?;
        let readers = SqlitePoolOptions::new()
            .max_connections(readers.max(1))
            .test_before_acquire(false)
            .connect_with(options.read_only(true).pragma("cache_size", "-16384"))
            .await
            .map_err(failed)?;
        Ok(Self { writer, readers, serves: true })
    }

    /// A pragma's value on the connection that writes and on one that reads.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn pragma(&self, name: &'static str) -> StoreResult<[String; 2]> {
        let ask = format!("SELECT CAST({name} AS TEXT) FROM pragma_{name}");
        let ask = || sqlx::query_scalar(AssertSqlSafe(ask.clone()));
        let mut writer = self.writer.connection().await;
        let writer = ask().fetch_one(&mut *writer).await.map_err(failed)?;
        Ok([writer, ask().fetch_one(&self.readers).await.map_err(failed)?])
    }

    /// Waits for what is under way and closes the file.
    pub async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }

    /// A transaction that holds the write lock from its beginning.
    async fn begin(&self) -> StoreResult<Tx> {
        self.writer.begin(Pace::Prompt).await
    }

    /// One that nobody waits for so urgently that it had to have a commit of its own.
    async fn begin_patiently(&self) -> StoreResult<Tx> {
        self.writer.begin(Pace::Patient).await
    }

    /// A transaction of one statement; how many rows it changed.
    async fn change(
        &self,
        pace: Pace,
        statement: Query<'_, Driver, SqliteArguments>,
    ) -> StoreResult<u64> {
        let mut tx = self.writer.begin(pace).await?;
        let done = statement.execute(&mut *tx).await.map_err(failed)?;
        tx.commit().await?;
        Ok(done.rows_affected())
    }
}

/// How a server opens the file.
fn options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(Duration::from_secs(5))
        .foreign_keys(false)
        .pragma("cache_size", "-65536")
        .pragma("temp_store", "memory")
        // What is gone is gone from the file, too.
        .pragma("secure_delete", "ON")
}

/// A single connection.
async fn pool(options: SqliteConnectOptions) -> StoreResult<SqlitePool> {
    let pool = SqlitePoolOptions::new().max_connections(1).test_before_acquire(false);
    pool.connect_with(options).await.map_err(failed)
}

/// Makes the file with its mode before SQLite makes it with the process's.
fn restrict(path: &Path) -> StoreResult<()> {
    let made = OpenOptions::new().create(true).append(true).mode(0o600).open(path);
    let file =
        made.map_err(|error| StoreError::Unavailable(format!("{}: {error}", path.display())))?;
    let restricted = file.set_permissions(Permissions::from_mode(0o600));
    restricted.map_err(|error| StoreError::Unavailable(error.to_string()))
}

/// Runs a deletion of limited size until nothing is left to delete; how much it was. Other
/// writes go between.
async fn in_portions<F>(mut delete: impl FnMut() -> F) -> StoreResult<u64>
where
    F: Future<Output = StoreResult<u64>>,
{
    let mut all = 0;
    loop {
        match delete().await? {
            0 => return Ok(all),
            some => all += some,
        }
    }
}

/// What a failure of the driver means to the callers.
fn failed(error: sqlx::Error) -> StoreError {
    match &error {
        sqlx::Error::Database(cause) if is_refusal(cause.as_ref()) => {
            StoreError::Broken(error.to_string())
        }
        sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) => {
            StoreError::Broken(error.to_string())
        }
        _ => StoreError::Unavailable(error.to_string()),
    }
}

/// Whether the database refused what it was given, rather than being away: a constraint (19),
/// too big (18), a mismatch (20), or a logic error (1).
fn is_refusal(error: &dyn sqlx::error::DatabaseError) -> bool {
    let code = error.code().and_then(|code| code.parse::<i32>().ok());
    code.is_some_and(|code| matches!(code & 0xff, 1 | 18 | 19 | 20))
}
