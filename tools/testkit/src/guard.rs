//! A shell that ends a server as soon as the test's end of a pipe is closed: when the guard is
//! dropped, and when the test process exits or is killed.

use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// Owns a server. Dropping it ends the server and waits until it is gone.
#[derive(Debug)]
pub struct Guard(Child);

impl Guard {
    /// Runs `begin`, and `end` once the guard is gone: both shell commands, by `postgres`.
    ///
    /// # Panics
    /// If no shell can be started.
    #[must_use]
    pub fn start(begin: &str, end: &str) -> Self {
        let mut shell = unprivileged("sh");
        shell.args(["-c", &format!("{begin}\nread nothing\n{end}")]);
        shell.current_dir("/").stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        // What ends the tests' process group (a Ctrl-C, a time limit) must not end the guard.
        shell.process_group(0);
        Self(shell.spawn().expect("a shell starts"))
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        drop(self.0.wait());
    }
}

/// A command by the user `postgres` if we are root (PostgreSQL and PgBouncer refuse to be), or by
/// ourselves.
#[must_use]
pub fn unprivileged(program: &str) -> Command {
    let mut command = if is_root() { Command::new("runuser") } else { Command::new(program) };
    if is_root() {
        command.args(["-u", "postgres", "--", program]);
    }
    command.current_dir("/");
    command
}

fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt;
    Path::new("/proc/self").metadata().is_ok_and(|own| own.uid() == 0)
}

/// Runs it to its end.
///
/// # Panics
/// If it cannot be started or fails; with what it said.
pub fn run(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?} failed: {said}{errors}");
    said
}

/// A new directory that the servers may write to.
///
/// # Panics
/// If it cannot be made.
#[must_use]
pub fn directory(name: &str) -> String {
    let template = std::env::temp_dir().join(format!("zvon-{name}-XXXXXXXX"));
    run(unprivileged("mktemp").arg("-d").arg(template)).trim().to_owned()
}
