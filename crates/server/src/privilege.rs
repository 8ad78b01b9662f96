//! Giving up root: a server that has to be started as root, for a port below 1024, goes on as
//! another user before it touches any data.
//!
//! The port is open by then; the data directory is made for that user if it is not there. There
//! is no way back: the process keeps no right to become root again.

use std::ffi::CString;
use std::fs::DirBuilder;
use std::os::unix::fs::{DirBuilderExt, chown};
use std::path::Path;

use anyhow::{Context, Result, bail};
use nix::unistd::{Uid, User, initgroups, setgid, setuid};

/// Whether there is a user of that name.
pub(crate) fn is_user(name: &str) -> bool {
    User::from_name(name).is_ok_and(|user| user.is_some())
}

/// The user to go on as; `None` if that is who runs this already, or nobody is named.
pub(crate) fn other(name: &str) -> Result<Option<User>> {
    if name.is_empty() {
        return Ok(None);
    }
    let found = User::from_name(name).with_context(|| format!("server.user: {name}"))?;
    let user = found.with_context(|| format!("server.user: there is no user {name}"))?;
    if user.uid == Uid::effective() {
        return Ok(None);
    }
    if !Uid::effective().is_root() {
        bail!("server.user: only root can go on as {name}");
    }
    Ok(Some(user))
}

/// Goes on as that user, for whom the data directory is made if it is not there.
pub(crate) fn become_user(user: &User, data: &Path) -> Result<()> {
    if !data.exists() {
        // What it stands in is passed through by others, too.
        let parents = data.parent().filter(|parent| !parent.as_os_str().is_empty());
        let made = parents
            .map_or(Ok(()), |parent| DirBuilder::new().recursive(true).mode(0o755).create(parent));
        let made = made.and_then(|()| DirBuilder::new().mode(0o700).create(data));
        let (uid, gid) = (Some(user.uid.as_raw()), Some(user.gid.as_raw()));
        made.and_then(|()| chown(data, uid, gid))
            .with_context(|| format!("the data directory {} cannot be made", data.display()))?;
    }
    let name = CString::new(user.name.as_str())?;
    let lowered =
        initgroups(&name, user.gid).and_then(|()| setgid(user.gid)).and_then(|()| setuid(user.uid));
    lowered.with_context(|| format!("cannot go on as {}", user.name))?;
    if setuid(Uid::from_raw(0)).is_ok() {
        bail!("{} can become root again", user.name);
    }
    Ok(())
}
