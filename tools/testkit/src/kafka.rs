//! A private Kafka broker, or the one that the environment names.
//!
//! Its jars come from Maven (`tools/testkit/kafka/libs`), once. A start takes some seconds, so a test
//! process shares one ([`shared`]); what stops a broker takes one of its own ([`Broker::start`]).

use std::fs::File;
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::ports::free_port;

/// How long it may take to answer. The first time its jars are fetched.
const PATIENCE: Duration = Duration::from_secs(180);

/// A broker that is its own controller. It dies with this value, or with the process.
pub struct Broker {
    dir: TempDir,
    port: u16,
    controller: u16,
    child: Child,
}

/// The brokers that tests may use which leave them as they are: those of `KAFKA_BROKERS`, or one
/// that this process's tests share.
#[expect(clippy::disallowed_methods, reason = "the tests have no other configuration")]
pub fn shared() -> &'static str {
    static SHARED: OnceLock<(String, Option<Broker>)> = OnceLock::new();
    let shared = SHARED.get_or_init(|| {
        if let Some(given) = std::env::var("KAFKA_BROKERS").ok().filter(|text| !text.is_empty()) {
            return (given, None);
        }
        let broker = Broker::start();
        (broker.address(), Some(broker))
    });
    &shared.0
}

impl Broker {
    /// A broker on a free port.
    ///
    /// # Panics
    /// If Java or its jars are missing, or it does not answer.
    #[must_use]
    pub fn start() -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        let (port, controller) = (free_port(), free_port());
        let child = spawn(&dir, port, controller);
        let mut broker = Self { dir, port, controller, child };
        broker.wait();
        println!("Apache Kafka {}", broker.version());
        broker
    }

    /// Where it is.
    #[must_use]
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// The version that it says it has.
    ///
    /// # Panics
    /// If it does not say.
    #[must_use]
    pub fn version(&self) -> String {
        let start = Instant::now();
        loop {
            let log = self.log();
            let said = log.lines().find_map(|line| line.split_once("Kafka version: "));
            if let Some((_, rest)) = said {
                return rest.split(' ').next().unwrap_or(rest).to_owned();
            }
            assert!(start.elapsed() < PATIENCE, "a Kafka of no version: {log}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Kills it without a word.
    pub fn kill9(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Starts it again with its data, where it was.
    ///
    /// # Panics
    /// If it does not answer.
    pub fn restart(&mut self) {
        self.kill9();
        self.child = spawn(&self.dir, self.port, self.controller);
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

    fn log(&self) -> String {
        std::fs::read_to_string(self.dir.path().join("log")).unwrap_or_default()
    }

    fn wait(&mut self) {
        let start = Instant::now();
        while TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            let ended = self.child.try_wait().ok().flatten();
            let is_late = start.elapsed() > PATIENCE;
            assert!(ended.is_none() && !is_late, "no Kafka ({ended:?}): {}", self.log());
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        self.kill9();
    }
}

fn spawn(dir: &TempDir, port: u16, controller: u16) -> Child {
    let log = File::options().create(true).append(true).open(dir.path().join("log"));
    let log = log.expect("a file");
    Command::new(concat!(env!("CARGO_MANIFEST_DIR"), "/kafka/broker"))
        .arg(dir.path().join("broker"))
        .args([port.to_string(), controller.to_string()])
        // At the end of which it ends: when this process does.
        .stdin(Stdio::piped())
        .stdout(log.try_clone().expect("the same file"))
        .stderr(log)
        .spawn()
        .expect("bash starts")
}
