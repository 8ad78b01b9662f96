//! The store on PostgreSQL: any number of nodes write to it at once.
//!
//! * A chat's row is the chat's lock. Whoever changes a chat locks it first, several in id order;
//!   rows of members come after it, in key order. So nobody waits in a circle.
//! * What is sent all the time (appends, moves of cursors) is one call of a function of the
//!   database, one round trip, one transaction; a node that freezes holds no lock by it. The rarer
//!   verbs are short transactions; of a node that freezes in one the database gets rid in five
//!   seconds.
//! * READ COMMITTED: after the wait for a lock a fresh look sees what the one before did.
//! * Sending, reading and everything else have connections of their own, so many and no more.
//! * Who ends a session waits for the transactions of that moment (`barrier`).
//! * Identity and time of everything come from the node; only order is the database's.

mod account;
mod analytics;
mod append;
mod audit;
pub mod backup;
mod barrier;
mod batch;
mod beside;
mod chat;
mod cursor;
mod delivery;
mod export;
mod group;
pub mod inspect;
mod job;
mod kept;
mod libpq;
mod line;
mod log;
mod lookup;
mod message;
mod operator;
mod outbox;
mod pin;
mod position;
mod retention;
mod schema;
mod session;
mod snapshot;
mod terms;
mod webhook;
mod whole;

use zvon_core::store::{StoreError, StoreResult};

use line::Line;
use terms::{PROMPT, SENDING};

/// How to reach the database.
#[derive(Clone, Debug)]
pub struct Settings {
    /// `postgres://user:password@host:port/database?sslmode=…`
    pub url: String,
    /// Most connections that send; each lane uses one at a time.
    pub send: u32,
    /// Most connections that read.
    pub read: u32,
    /// Most connections of everything else.
    pub rest: u32,
    /// Whether a pooler that lends its connections by the transaction (as PgBouncer's transaction
    /// mode) may stand between. Then nothing is kept in a connection from one transaction to the
    /// next, neither prepared statements nor settings, which costs some round trips.
    pub pooled: bool,
}

/// The store on PostgreSQL. Cheap to clone.
#[derive(Clone)]
pub struct Postgres {
    send: Line,
    read: Line,
    rest: Line,
}

impl Postgres {
    /// Connects, and brings the schema up to date. Several nodes may do so at once.
    ///
    /// # Errors
    /// When the database cannot be reached, is no database of ours, or asks for a newer program.
    pub async fn open(settings: &Settings) -> StoreResult<Self> {
        let store = Self {
            send: Line::new(settings, settings.send, SENDING)?,
            read: Line::new(settings, settings.read, PROMPT)?,
            rest: Line::new(settings, settings.rest, PROMPT)?,
        };
        schema::bring_up_to_date(&store.rest).await?;
        Ok(store)
    }

    /// Waits for what is under way and closes the connections.
    pub async fn close(&self) {
        for line in [&self.send, &self.read, &self.rest] {
            line.close().await;
        }
    }
}

/// Runs a deletion of limited size until nothing is left to delete; how much it was. Other
/// writes go between.
async fn in_portions<F>(mut delete: impl FnMut() -> F) -> StoreResult<u64>
where
    F: Future<Output = Result<u64, sqlx::Error>>,
{
    let mut all = 0;
    loop {
        match delete().await.map_err(failed)? {
            0 => return Ok(all),
            some => all += some,
        }
    }
}

/// What a failure means to the callers.
fn failed(error: sqlx::Error) -> StoreError {
    match &error {
        sqlx::Error::Database(cause) => match cause.code().as_deref().map(class) {
            // Connection, a statement that was prepared before a migration, transaction rolled back,
            // resources, not in the right state, operator, system.
            None | Some("08" | "0A" | "40" | "53" | "55" | "57" | "58") => {
                StoreError::Unavailable(error.to_string())
            }
            // Read only, as a former primary is.
            Some("25") => StoreError::Unavailable(error.to_string()),
            Some(_) => StoreError::Broken(error.to_string()),
        },
        sqlx::Error::ColumnDecode { .. }
        | sqlx::Error::ColumnNotFound(_)
        | sqlx::Error::Decode(_)
        | sqlx::Error::Encode(_) => StoreError::Broken(error.to_string()),
        _ => StoreError::Unavailable(error.to_string()),
    }
}

/// Whether the database refused what it was given, whatever else was given with it: its form (22),
/// a constraint (23), a limit (54).
fn is_refusal(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
    code.is_some_and(|code| matches!(class(&code), "22" | "23" | "54"))
}

fn class(code: &str) -> &str {
    code.get(..2).unwrap_or_default()
}
