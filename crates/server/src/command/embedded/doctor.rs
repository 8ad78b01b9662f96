//! The data directory, its files and the database.

use std::fs::{self, Metadata};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use nix::unistd::{AccessFlags, Uid, access};
use zvon_core::clock::{Clock, SystemClock};
use zvon_protocol::time::Timestamp;
use zvon_store::sqlite::inspect;

use super::super::doctor::{self, Check};
use crate::backing::FILE;
use crate::data_dir;

const MIB: u64 = 1 << 20;
/// Below this the server may soon be unable to write.
const SPACE_LEAST: u64 = 100 * MIB;
/// Below this somebody should know.
const SPACE_WANTED: u64 = 1024 * MIB;

/// Owner, mode, files, space.
pub(super) fn directory(data: &Path) -> Vec<Check> {
    let Ok(dir) = fs::metadata(data) else { return vec![to_be_made(data), space(data)] };
    if !dir.is_dir() {
        let found = format!("{} is no directory", data.display());
        return vec![Check::fail("data directory", found, "name another by server.data")];
    }
    let mut checks = vec![owner(data, &dir)];
    checks.extend(files(data, &dir));
    checks.push(space(data));
    let held = if data_dir::is_held(data) { "a server runs on it" } else { "no server runs on it" };
    checks.push(Check::ok("lock", held));
    checks
}

fn to_be_made(data: &Path) -> Check {
    let parent = existing(data);
    if access(parent, AccessFlags::W_OK | AccessFlags::X_OK).is_ok() {
        return Check::ok("data directory", format!("{} will be made", data.display()));
    }
    let found = format!("{} is not there and cannot be made", data.display());
    let advice =
        format!("make it for the server's user, or let that user write {}", parent.display());
    Check::fail("data directory", found, advice)
}

/// The path, or the nearest above it that is there.
fn existing(path: &Path) -> &Path {
    let here = Path::new(".");
    let mut parents = path.ancestors().map(|at| if at.as_os_str().is_empty() { here } else { at });
    parents.find(|at| at.exists()).unwrap_or(here)
}

fn owner(data: &Path, dir: &Metadata) -> Check {
    const NAME: &str = "data directory";
    let (path, me, mode) = (data.display(), Uid::effective(), dir.mode() & 0o777);
    if !me.is_root() && me.as_raw() != dir.uid() {
        let found = format!("{path} belongs to user {}, and this is user {me}", dir.uid());
        return Check::fail(NAME, found, "run server and commands as the user it belongs to");
    }
    if mode != 0o700 {
        let found = format!("{path} has mode {mode:04o}");
        return Check::fail(NAME, found, format!("chmod 700 {path}"));
    }
    Check::ok(NAME, format!("{path}, user {}, mode 0700", dir.uid()))
}

fn files(data: &Path, dir: &Metadata) -> Vec<Check> {
    const NAME: &str = "files";
    let path = data.display();
    let entries = match fs::read_dir(data) {
        Ok(entries) => entries,
        Err(error) => {
            let found = format!("{path} cannot be read: {error}");
            return vec![Check::fail(NAME, found, "run this as the server's user")];
        }
    };
    let (mut open, mut foreign, mut count) = (Vec::new(), Vec::new(), 0);
    for entry in entries.flatten() {
        let Ok(file) = entry.metadata() else { continue };
        if !file.is_file() {
            continue;
        }
        count += 1;
        let name = entry.file_name().to_string_lossy().into_owned();
        if file.mode() & 0o077 != 0 {
            open.push(name.clone());
        }
        if file.uid() != dir.uid() {
            foreign.push(name);
        }
    }
    let mut checks = Vec::new();
    if !open.is_empty() {
        let found = format!("others may read {}", open.join(", "));
        checks.push(Check::fail(NAME, found, format!("chmod 600 {path}/*")));
    }
    if !foreign.is_empty() {
        let found = format!("{} belong to another user than {path}", foreign.join(", "));
        let advice = format!("chown --reference={path} {path}/*");
        checks.push(Check::fail(NAME, found, advice));
    }
    if checks.is_empty() {
        checks.push(Check::ok(NAME, format!("{count}, for their owner alone")));
    }
    checks
}

fn space(data: &Path) -> Check {
    const NAME: &str = "free space";
    let at = existing(data);
    let free = match nix::sys::statvfs::statvfs(at) {
        Ok(found) => found.blocks_available().saturating_mul(found.fragment_size()),
        Err(error) => return Check::warn(NAME, format!("unknown: {error}"), "look with df"),
    };
    let found = format!("{} MiB at {}", free / MIB, at.display());
    let advice = "free some, or move the data directory";
    if free < SPACE_LEAST {
        Check::fail(NAME, found, advice)
    } else if free < SPACE_WANTED {
        Check::warn(NAME, found, advice)
    } else {
        Check::ok(NAME, found)
    }
}

/// The database: that it opens, fits this program, and is whole.
pub(super) async fn database(data: &Path, migrates: bool) -> Vec<Check> {
    const NAME: &str = "database";
    let path = data.join(FILE);
    if !path.exists() {
        return vec![Check::ok(NAME, "none yet; the server makes it")];
    }
    let found = match inspect::inspect(&path).await {
        Ok(found) => found,
        Err(error) => {
            let text = format!("{} cannot be read: {error}", path.display());
            return vec![Check::fail(NAME, text, "restore a backup if it is damaged")];
        }
    };
    let mut checks = vec![match &found.fault {
        None => Check::ok(NAME, format!("whole; log epoch {}", found.epoch)),
        Some(fault) => {
            let advice = "stop the server and restore a backup (docs/operations.md)";
            Check::fail(NAME, format!("damaged: {fault}"), advice)
        }
    }];
    checks.push(doctor::schema(&found.schema, migrates));
    checks.extend(future(&path, found.newest));
    checks
}

/// What was written at a time that is yet to come.
fn future(path: &Path, newest: Option<Timestamp>) -> Option<Check> {
    const MINUTE: i64 = 60_000;
    let written = fs::metadata(path).map(|file| file.mtime().saturating_mul(1000)).ok();
    let latest = written.into_iter().chain(newest.map(|at| at.0)).max()?;
    (latest > SystemClock.now().0 + MINUTE).then(|| {
        let found =
            format!("the database was written at {}, which is yet to come", Timestamp(latest));
        Check::warn("clock", found, "set the clock; until then new messages carry that time")
    })
}

#[cfg(test)]
mod tests {
    use super::{SystemClock, future};
    use zvon_core::clock::Clock;

    #[test]
    fn what_was_written_in_the_future_tells_of_a_clock_that_was_set_back() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let now = SystemClock.now();
        assert!(future(file.path(), Some(now)).is_none());
        assert!(future(file.path(), Some(now.plus_millis(3_600_000))).is_some());
    }
}
