//! How many files, and so connections, the process may have open: as many as the system allows.

use nix::sys::resource::{Resource, getrlimit, setrlimit};

/// Raises the limit to the hardest one; the limit.
pub(crate) fn raise() -> u64 {
    let Ok((soft, hard)) = getrlimit(Resource::RLIMIT_NOFILE) else { return 0 };
    match setrlimit(Resource::RLIMIT_NOFILE, hard, hard) {
        Ok(()) => hard,
        Err(_) => soft,
    }
}
