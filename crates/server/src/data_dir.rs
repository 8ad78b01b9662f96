//! The data directory: for its owner only, and for one server at a time.
//!
//! Two servers over one database would each number events without the other's sockets hearing of
//! them. The lock is the system's: it ends with the process, however that ends.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions, TryLockError};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

use anyhow::{Context, Result, bail};

/// The file that is locked.
pub(crate) const LOCK: &str = "lock";

/// The file that a worker locks.
const WORK: &str = "worker.lock";

/// The right to use the directory, as long as it is kept.
#[derive(Debug)]
pub(crate) struct Held(#[expect(dead_code, reason = "its lock ends when it is dropped")] File);

/// Whether a server has it.
pub(crate) fn is_held(dir: &Path) -> bool {
    let lock = File::open(dir.join(LOCK)).map(|file| file.try_lock_shared());
    matches!(lock, Ok(Err(TryLockError::WouldBlock)))
}

/// Makes the directory if need be and takes it.
pub(crate) fn take(dir: &Path) -> Result<Held> {
    lock(dir, LOCK, "server")
}

/// Takes the work on it that no server does: of one process at a time.
pub(crate) fn take_work(dir: &Path) -> Result<Held> {
    lock(dir, WORK, "worker")
}

fn lock(dir: &Path, name: &str, by: &str) -> Result<Held> {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(dir);
    made.with_context(|| format!("the data directory {} cannot be made", dir.display()))?;
    fs::set_permissions(dir, Permissions::from_mode(0o700))
        .with_context(|| format!("{} must belong to the server's user", dir.display()))?;
    let path = dir.join(name);
    let file = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(&path);
    let file = file.with_context(|| format!("{}", path.display()))?;
    match file.try_lock() {
        Ok(()) => Ok(Held(file)),
        Err(TryLockError::WouldBlock) => {
            bail!("the data directory {} is used by another {by}", dir.display())
        }
        Err(TryLockError::Error(error)) => Err(error).context(path.display().to_string()),
    }
}
