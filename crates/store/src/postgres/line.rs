//! Connections, statements and transactions, with their limits of time.
//!
//! Direct connections get their limits when they are made and keep prepared statements. Behind a
//! pooler nothing may be kept: the driver parses a statement in one exchange and runs it in
//! another, so every statement is in a transaction, which holds the pooler to one connection, and
//! which brings its limits along. A prepared statement whose tables were widened by a newer version's
//! migration is refused once, and prepared anew. A connection that is silent for longer than the database's own
//! limits is given up: a half-open one would never answer.

use std::io::ErrorKind;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use sqlx::postgres::{PgArguments, PgConnectOptions, PgPoolOptions, PgRow};
use sqlx::query::Query;
use sqlx::{
    AssertSqlSafe, ConnectOptions, Connection, Error, Execute, PgPool, Postgres as Driver,
    SqlSafeStr, Transaction,
};
use tokio::time::timeout;
use zvon_core::store::{StoreError, StoreResult};

use super::kept::{Held, Kept, Turn};
use super::terms::Terms;
use super::{Settings, failed};

/// A statement with its arguments.
pub(super) type Ask<'q> = Query<'q, Driver, PgArguments>;

/// An idle connection is tested before its use after this time.
const TRUSTED: Duration = Duration::from_secs(1);

/// A bounded pool of connections for one purpose.
#[derive(Clone)]
pub(super) struct Line {
    pool: PgPool,
    kept: Arc<Kept>,
    pooled: bool,
    terms: Terms,
}

impl Line {
    /// Nothing is connected yet.
    pub(super) fn new(settings: &Settings, most: u32, terms: Terms) -> StoreResult<Self> {
        let invalid = |error: Error| StoreError::Broken(format!("the database's URL: {error}"));
        let mut options = PgConnectOptions::from_str(&settings.url).map_err(invalid)?;
        options = options.application_name("zvon").disable_statement_logging();
        options = if settings.pooled {
            options.statement_cache_capacity(0).extra_float_digits(None)
        } else {
            options.options(terms.limits.iter().copied())
        };
        let pool = PgPoolOptions::new()
            .max_connections(most.max(1))
            .acquire_timeout(terms.queue)
            .test_before_acquire(false)
            .before_acquire(|connection, idle| {
                Box::pin(async move {
                    if idle.idle_for < TRUSTED {
                        return Ok(true);
                    }
                    Ok(matches!(timeout(TRUSTED, connection.ping()).await, Ok(Ok(()))))
                })
            })
            .after_release(|connection, _| {
                Box::pin(async move {
                    // What was given up in the middle is read to its end first, and may never end.
                    match timeout(TRUSTED, connection.ping()).await {
                        Ok(Ok(())) => Ok(true),
                        _ => Err(Error::WorkerCrashed),
                    }
                })
            })
            .connect_lazy_with(options);
        let kept = Arc::new(Kept::new(most));
        Ok(Self { pool, kept, pooled: settings.pooled, terms })
    }

    /// One connection for a command, which says why if there is none: the pool would only tell that
    /// it waited.
    pub(super) async fn alone(settings: &Settings, terms: Terms) -> StoreResult<Self> {
        let line = Self::new(settings, 1, terms)?;
        let options = line.pool.connect_options();
        let connection = in_time(terms.queue, options.connect()).await.map_err(failed)?;
        let _ = timeout(TRUSTED, connection.close()).await;
        Ok(line)
    }

    /// Waits for what is under way, but not for ever.
    pub(super) async fn close(&self) {
        let closing = self.pool.close();
        self.kept.clear();
        let _ = timeout(self.terms.patience, closing).await;
    }

    /// Whether a pooler may stand between.
    pub(super) fn is_pooled(&self) -> bool {
        self.pooled
    }

    /// Runs a statement as a transaction of its own; its rows.
    pub(super) async fn rows(&self, mut ask: Ask<'_>) -> Result<Vec<PgRow>, Error> {
        if self.pooled {
            let mut tx = self.begin_raw().await?;
            let rows = tx.rows(ask).await?;
            tx.transaction.commit().await?;
            return Ok(rows);
        }
        let arguments = ask.take_arguments().map_err(Error::Encode)?.unwrap_or_default();
        let sql = ask.sql();
        let ask = || sqlx::query_with(sql.clone(), arguments.clone());
        let mut held = self.kept.take(&self.pool).await?;
        let connection = &mut held.connection;
        let mut answer = self.in_time(ask().fetch_all(&mut **connection)).await;
        if answer.as_ref().is_err_and(is_stale) {
            self.in_time(connection.clear_cached_statements()).await?;
            answer = self.in_time(ask().fetch_all(&mut **connection)).await;
        }
        self.after(held, answer)
    }

    /// Runs statements that need no preparation, as one transaction; all of their rows.
    pub(super) async fn run(&self, sql: String) -> Result<Vec<PgRow>, Error> {
        let mut held = self.kept.take(&self.pool).await?;
        let ask = sqlx::raw_sql(AssertSqlSafe(sql));
        let answer = self.in_time(ask.fetch_all(&mut *held.connection)).await;
        self.after(held, answer)
    }

    /// What becomes of a connection by what was answered on it.
    fn after<T>(&self, mut held: Held, answer: Result<T, Error>) -> Result<T, Error> {
        match &answer {
            Ok(_) => self.kept.keep(&self.pool, held),
            Err(Error::Io(_)) => held.connection.close_on_drop(),
            Err(_) => {}
        }
        answer
    }

    /// The row, if there is one.
    pub(super) async fn optional(&self, ask: Ask<'_>) -> Result<Option<PgRow>, Error> {
        self.rows(ask).await.map(|rows| rows.into_iter().next())
    }

    /// The row that there always is.
    pub(super) async fn one(&self, ask: Ask<'_>) -> Result<PgRow, Error> {
        self.optional(ask).await?.ok_or(Error::RowNotFound)
    }

    /// Changes something; how many rows.
    pub(super) async fn execute(&self, ask: Ask<'_>) -> Result<u64, Error> {
        if self.pooled {
            let mut tx = self.begin_raw().await?;
            let count = tx.execute(ask).await?;
            tx.transaction.commit().await?;
            return Ok(count);
        }
        let mut held = self.kept.take(&self.pool).await?;
        let done = self.in_time(ask.execute(&mut *held.connection)).await;
        self.after(held, done).map(|done| done.rows_affected())
    }

    /// A transaction of several statements.
    pub(super) async fn begin(&self) -> StoreResult<Tx> {
        self.begin_raw().await.map_err(failed)
    }

    async fn begin_raw(&self) -> Result<Tx, Error> {
        let begin = if self.pooled { self.terms.begin } else { "BEGIN" };
        let turn = self.kept.turn().await?;
        self.kept.give_back();
        let transaction = self.in_time(self.pool.begin_with(begin)).await?;
        Ok(Tx { transaction, pooled: self.pooled, patience: self.terms.patience, _turn: turn })
    }

    async fn in_time<T>(&self, answer: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
        in_time(self.terms.patience, answer).await
    }
}

/// A transaction; dropped without a commit it is rolled back.
pub(super) struct Tx {
    transaction: Transaction<'static, Driver>,
    pooled: bool,
    patience: Duration,
    _turn: Turn,
}

impl Tx {
    pub(super) async fn rows(&mut self, ask: Ask<'_>) -> Result<Vec<PgRow>, Error> {
        let answer = ask.persistent(!self.pooled).fetch_all(&mut *self.transaction);
        let answer = in_time(self.patience, answer).await;
        if answer.as_ref().is_err_and(is_stale) {
            // This transaction is lost; the next one on this connection is not.
            in_time(self.patience, self.transaction.clear_cached_statements()).await?;
        }
        answer
    }

    pub(super) async fn optional(&mut self, ask: Ask<'_>) -> Result<Option<PgRow>, Error> {
        self.rows(ask).await.map(|rows| rows.into_iter().next())
    }

    pub(super) async fn one(&mut self, ask: Ask<'_>) -> Result<PgRow, Error> {
        self.optional(ask).await?.ok_or(Error::RowNotFound)
    }

    pub(super) async fn execute(&mut self, ask: Ask<'_>) -> Result<u64, Error> {
        let done = ask.persistent(!self.pooled).execute(&mut *self.transaction);
        in_time(self.patience, done).await.map(|done| done.rows_affected())
    }

    /// Runs statements that need no preparation, without a limit of time.
    pub(super) async fn run(&mut self, sql: impl SqlSafeStr) -> Result<(), Error> {
        sqlx::raw_sql(sql).execute(&mut *self.transaction).await.map(drop)
    }

    pub(super) async fn commit(self) -> StoreResult<()> {
        in_time(self.patience, self.transaction.commit()).await.map_err(failed)
    }
}

/// Whether a statement was prepared before its tables were changed (`cached plan must not change
/// result type`): PostgreSQL answers columns as they were, or not at all.
fn is_stale(error: &Error) -> bool {
    let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
    code.is_some_and(|code| code == "0A000")
}

async fn in_time<T>(
    patience: Duration,
    answer: impl Future<Output = Result<T, Error>>,
) -> Result<T, Error> {
    let silent = || Error::Io(std::io::Error::new(ErrorKind::TimedOut, "no answer in time"));
    timeout(patience, answer).await.unwrap_or_else(|_| Err(silent()))
}
