//! Copies of a data directory: a directory with the database and the keys, or the database alone if
//! the name ends in `.db`.

use std::fs::{self, DirBuilder, OpenOptions};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

use anyhow::{Context, bail};
use zvon_store::sqlite::{backup, inspect};

use super::super::sync_dir;
use crate::backing::FILE;
use crate::secret::{CLUSTER_KEY, JWT_KEY};

/// Copies what is in `data` into `partial`, which will be called `to`; what it holds.
pub(super) async fn copy(data: &Path, to: &Path, partial: &Path) -> anyhow::Result<String> {
    if to.extension().is_some_and(|extension| extension == "db") {
        file(data, partial).await?;
        let size = fs::metadata(partial)?.len();
        return Ok(format!("the database ({size} bytes); keep {CLUSTER_KEY} and {JWT_KEY}, too"));
    }
    dir(data, partial).await?;
    let size = fs::metadata(partial.join(FILE))?.len();
    let own = "keep auth.jwt_secret, too";
    let key = if partial.join(JWT_KEY).exists() { JWT_KEY } else { own };
    Ok(format!("{FILE} ({size} bytes), {CLUSTER_KEY}, {key}"))
}

/// The database alone.
async fn file(data: &Path, to: &Path) -> anyhow::Result<()> {
    let database = data.join(FILE);
    backup::copy(&database, to).await.context("the database cannot be copied")?;
    let found = inspect::inspect(to).await.context("the copy cannot be read")?;
    if let Some(fault) = found.fault {
        bail!("the copy is damaged, and so is {}: {fault}", database.display());
    }
    Ok(())
}

/// Database and keys.
async fn dir(data: &Path, to: &Path) -> anyhow::Result<()> {
    DirBuilder::new().mode(0o700).create(to).with_context(|| format!("{}", to.display()))?;
    file(data, &to.join(FILE)).await?;
    copy_private(&data.join(CLUSTER_KEY), &to.join(CLUSTER_KEY))?;
    if data.join(JWT_KEY).exists() {
        copy_private(&data.join(JWT_KEY), &to.join(JWT_KEY))?;
    }
    sync_dir(to)
}

/// Copies a file into a new one for its owner alone, and waits until it is on disk.
pub(super) fn copy_private(from: &Path, to: &Path) -> anyhow::Result<()> {
    let mut source = fs::File::open(from).with_context(|| format!("{}", from.display()))?;
    let made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(to);
    let mut target = made.with_context(|| format!("{}", to.display()))?;
    let copied = std::io::copy(&mut source, &mut target).and_then(|_| target.sync_all());
    copied.with_context(|| format!("{}", to.display()))
}
