//! One `redis-server`.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::ports::free_port;

/// How long a server may take to answer.
const PATIENCE: Duration = Duration::from_secs(15);

/// Its configuration, in its directory. (A sentinel writes to it.)
const FILE: &str = "redis.conf";

/// A private server. It holds nothing on disk unless asked to, and dies with this value.
pub struct Server {
    port: u16,
    dir: TempDir,
    arguments: Vec<String>,
    child: Child,
}

impl Server {
    /// A server on a free port.
    ///
    /// # Panics
    /// If `redis-server` is not installed or does not answer.
    #[must_use]
    pub fn start() -> Self {
        Self::with(&[])
    }

    /// The same with more arguments.
    ///
    /// # Panics
    /// As [`Self::start`].
    #[must_use]
    pub fn with(arguments: &[&str]) -> Self {
        Self::at(free_port(), arguments)
    }

    /// The same on that port.
    ///
    /// # Panics
    /// As [`Self::start`].
    #[must_use]
    pub fn at(port: u16, arguments: &[&str]) -> Self {
        Self::made_of(port, "", arguments)
    }

    /// The same with these lines of configuration.
    pub(super) fn made_of(port: u16, lines: &str, arguments: &[&str]) -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        std::fs::write(dir.path().join(FILE), lines).expect("a file");
        let arguments: Vec<String> = arguments.iter().map(|&word| word.to_owned()).collect();
        let child = spawn(port, dir.path(), &arguments);
        let server = Self { port, dir, arguments, child };
        server.wait();
        server
    }

    /// The id of its process.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Its port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Its directory.
    #[must_use]
    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// Its address.
    #[must_use]
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/0", self.port)
    }

    /// Asks it something on the side.
    ///
    /// # Panics
    /// If `redis-cli` cannot be run.
    pub fn cli(&self, words: &[&str]) -> String {
        let port = self.port.to_string();
        let output = Command::new("redis-cli").args(["-p", &port]).args(words).output();
        let output = output.expect("redis-cli (Debian: redis-tools) must be installed");
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    /// Kills it without a word.
    pub fn kill9(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Starts it again where it was.
    ///
    /// # Panics
    /// If it does not answer.
    pub fn restart(&mut self) {
        self.kill9();
        self.child = spawn(self.port, self.dir.path(), &self.arguments);
        self.wait();
    }

    /// Freezes it.
    pub fn pause(&self) {
        self.signal("-STOP");
    }

    /// Lets it go on.
    pub fn resume(&self) {
        self.signal("-CONT");
    }

    fn signal(&self, signal: &str) {
        let pid = self.child.id().to_string();
        let status = Command::new("kill").args([signal, &pid]).status();
        assert!(status.is_ok_and(|status| status.success()), "kill {signal} {pid}");
    }

    fn wait(&self) {
        self.wait_for(|server| server.cli(&["PING"]) == "PONG");
    }

    /// Waits until something is so.
    ///
    /// # Panics
    /// If it does not come.
    pub fn wait_for(&self, is_so: impl Fn(&Self) -> bool) {
        let start = Instant::now();
        while !is_so(self) {
            assert!(start.elapsed() < PATIENCE, "the Redis at port {} is not there", self.port);
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill9();
    }
}

fn spawn(port: u16, dir: &Path, arguments: &[String]) -> Child {
    Command::new("redis-server")
        .arg(FILE)
        .args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", ""])
        .args(["--appendonly", "no", "--logfile", "log"])
        .arg("--dir")
        .arg(dir)
        .args(arguments)
        .current_dir(dir)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("redis-server (Debian: redis-server) must be installed")
}
