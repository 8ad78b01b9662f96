//! A data directory from a backup, or from a copy of a data directory.

use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::{MetadataExt, chown};
use std::path::Path;

use anyhow::{Context, bail};
use zvon_store::sqlite::{backup, inspect};

use super::super::sync_dir;
use super::backup::copy_private;
use crate::backing::FILE;
use crate::data_dir::{self, LOCK};
use crate::secret::{CLUSTER_KEY, JWT_KEY};

/// Where the database lies until it is whole.
const STAGE: &str = "restore.partial";

/// Makes `data` from what is in `from`; what was done.
pub(super) async fn restore(from: &Path, data: &Path) -> anyhow::Result<String> {
    check_source(from)?;
    check_target(data)?;
    let _held = data_dir::take(data)?;
    let stage = data.join(STAGE);
    let restored = fill(from, data, &stage).await;
    let _ = fs::remove_dir_all(&stage);
    if restored.is_err() {
        for name in [CLUSTER_KEY, JWT_KEY] {
            let _ = fs::remove_file(data.join(name));
        }
    }
    let (epoch, data, from) = (restored?, data.display(), from.display());
    Ok(format!("{data} is as it was in {from}; its log epoch is {epoch}"))
}

/// A database alone is not enough: without the key, a message that is sent again becomes two.
fn check_source(from: &Path) -> anyhow::Result<()> {
    for name in [FILE, CLUSTER_KEY] {
        if !from.join(name).is_file() {
            bail!("{} is no backup: it has no {name}", from.display());
        }
    }
    Ok(())
}

fn check_target(data: &Path) -> anyhow::Result<()> {
    let entries = match fs::read_dir(data) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error).with_context(|| format!("{}", data.display())),
    };
    for entry in entries {
        let name = entry?.file_name();
        // A mount point may have a lost+found of its own.
        if name != LOCK && name != "lost+found" {
            bail!("{} is not empty: it has a {}", data.display(), name.display());
        }
    }
    Ok(())
}

/// Everything but the database first, and that by a renaming: a server that is started on half of
/// it finds none.
async fn fill(from: &Path, data: &Path, stage: &Path) -> anyhow::Result<String> {
    fs::create_dir(stage).with_context(|| format!("{}", stage.display()))?;
    let database = stage.join(FILE);
    copy_private(&from.join(FILE), &database)?;
    // A copy of a data directory may have its newest changes there.
    let (log, name) = (from.join(format!("{FILE}-wal")), format!("{FILE}-wal"));
    if log.exists() {
        copy_private(&log, &stage.join(name))?;
    }
    let found = inspect::inspect(&database).await.context("the backup cannot be read")?;
    if let Some(fault) = found.fault {
        bail!("the backup is damaged: {fault}");
    }
    found.schema.check_least().context("the backup is of a newer version")?;
    let epoch = backup::renew_epoch(&database).await.context("the backup cannot be changed")?;
    fs::File::open(&database)?.sync_all()?;
    for name in [CLUSTER_KEY, JWT_KEY] {
        if from.join(name).exists() {
            copy_private(&from.join(name), &data.join(name))?;
        }
    }
    give_to_owner(
        data,
        &[&database, &data.join(CLUSTER_KEY), &data.join(JWT_KEY), &data.join(LOCK)],
    )?;
    fs::rename(&database, data.join(FILE))?;
    sync_dir(data)?;
    Ok(epoch)
}

/// Root restores for whom the directory belongs to.
fn give_to_owner(data: &Path, files: &[&Path]) -> anyhow::Result<()> {
    let owner = fs::metadata(data)?;
    for file in files.iter().filter(|file| file.exists()) {
        let given = chown(file, Some(owner.uid()), Some(owner.gid()));
        given.with_context(|| format!("{}", file.display()))?;
    }
    Ok(())
}
