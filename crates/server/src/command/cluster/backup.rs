//! Copies of a cluster: its database as one file, by PostgreSQL's own programs. The secrets of a
//! cluster are configuration, and are kept where that is.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use zvon_store::postgres::{Postgres, backup};

use crate::backing;
use crate::config::Config;

/// Copies the database into a new file; what it holds.
pub(super) async fn copy(config: &Config, to: &Path) -> Result<String> {
    let settings = direct(config)?;
    // One that is none of ours is told before it is copied.
    Postgres::schema(&settings).await.context("PostgreSQL cannot be used")?;
    backup::copy(&settings, to).context("the database cannot be copied")?;
    let size = fs::metadata(to)?.len();
    Ok(format!("the database ({size} bytes); keep cluster.key and auth.jwt_secret, too"))
}

/// Puts a copy into an empty database; what was done.
pub(super) async fn restore(config: &Config, from: &Path) -> Result<String> {
    let settings = direct(config)?;
    fs::File::open(from).with_context(|| format!("{}", from.display()))?;
    let epoch = backup::restore(&settings, from).await.context("the backup cannot be restored")?;
    let from = from.display();
    Ok(format!("the database is as it was in {from}; its log epoch is {epoch}"))
}

/// The database itself: PostgreSQL's programs set up their connection in ways that a pooler would
/// give to others.
fn direct(config: &Config) -> Result<zvon_store::postgres::Settings> {
    if config.store.pooled {
        bail!(
            "this needs PostgreSQL itself, not a pooler: set DATABASE_URL to its own address and \
             ZVON_STORE__POOLED=false for this command"
        );
    }
    Ok(backing::database(config))
}
