//! What an operator wants to know of a database file. It is only read.

use std::path::Path;

use sqlx::SqlitePool;
use zvon_core::store::StoreResult;
use zvon_protocol::time::Timestamp;

use super::{beside, failed, schema};
use crate::Access;
use crate::schema::Schema;

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inspection {
    /// Its schema.
    pub schema: Schema,
    /// The log's epoch.
    pub epoch: String,
    /// When something last changed in a chat, as far as is remembered.
    pub newest: Option<Timestamp>,
    /// What is wrong with the file, if anything is.
    pub fault: Option<String>,
}

/// Looks at a database, whatever its schema's version; reads all of it.
///
/// # Errors
/// When it cannot be opened or is no database of ours.
pub async fn inspect(path: &Path) -> StoreResult<Inspection> {
    let database = beside::connect(path, Access::Read).await?;
    let found = look(&database).await;
    database.close().await;
    found
}

async fn look(database: &SqlitePool) -> StoreResult<Inspection> {
    let schema = schema::look(database).await?;
    let epoch = sqlx::query_scalar(super::outbox::EPOCH).fetch_one(database).await;
    let newest = sqlx::query_scalar::<_, Option<i64>>("SELECT max(at) FROM outbox");
    let newest = newest.fetch_one(database).await.map_err(failed)?.map(Timestamp);
    let check = sqlx::query_scalar::<_, String>("PRAGMA quick_check(1)").fetch_one(database).await;
    let fault = Some(check.map_err(failed)?).filter(|verdict| verdict != "ok");
    Ok(Inspection { schema, epoch: epoch.map_err(failed)?, newest, fault })
}

/// The version of SQLite in this program.
///
/// # Errors
/// Never, as far as SQLite promises.
pub async fn version() -> StoreResult<String> {
    let memory = SqlitePool::connect("sqlite::memory:").await.map_err(failed)?;
    sqlx::query_scalar("SELECT sqlite_version()").fetch_one(&memory).await.map_err(failed)
}
