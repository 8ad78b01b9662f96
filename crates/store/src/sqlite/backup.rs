//! Copies of the database while a server goes on writing, and their way back.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use zvon_core::store::{StoreError, StoreResult};

use super::{beside, failed};
use crate::Access;

const RENEW: &str = "UPDATE meta SET value = lower(hex(randomblob(8))) WHERE key = 'log_epoch' \
    RETURNING value";

/// Copies the database as it is now into a new file for its owner alone, and waits until that is
/// on disk. Everything that was acknowledged before the call is in it. Writers go on meanwhile;
/// what they write waits in the write-ahead log.
///
/// # Errors
/// When there is no database, the new file is there already, or the disk is full.
pub async fn copy(database: &Path, to: &Path) -> StoreResult<()> {
    let unavailable =
        |error: std::io::Error| StoreError::Unavailable(format!("{}: {error}", to.display()));
    let from = beside::connect(database, Access::Read).await?;
    // SQLite fills an empty file, but would make one that others may read.
    let made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(to);
    made.map_err(unavailable)?;
    let name = to
        .to_str()
        .ok_or_else(|| StoreError::Unavailable(format!("{}: its name is no text", to.display())))?;
    let copied = sqlx::query("VACUUM INTO ?").bind(name).execute(&from).await.map_err(failed);
    from.close().await;
    copied?;
    File::open(to).and_then(|file| file.sync_all()).map_err(unavailable)
}

/// Begins a new log epoch in a database that nobody has open; the epoch. Clients that know of
/// another one drop what they hold: after a restore, places in the logs are given a second time.
///
/// # Errors
/// When it is no database of ours, or cannot be written.
pub async fn renew_epoch(database: &Path) -> StoreResult<String> {
    let pool = beside::connect(database, Access::Write).await?;
    let epoch = sqlx::query_scalar(RENEW).fetch_one(&pool).await.map_err(failed);
    // The last connection also takes what is in a write-ahead log into the file.
    pool.close().await;
    epoch
}
