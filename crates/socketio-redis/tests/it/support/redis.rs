//! A private Redis.

use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use ::redis::aio::MultiplexedConnection;
use tempfile::TempDir;

pub struct Redis {
    pub port: u16,
    dir: TempDir,
    child: Child,
    more: Vec<String>,
}

impl Drop for Redis {
    fn drop(&mut self) {
        self.kill();
    }
}

impl Redis {
    pub fn start() -> Self {
        Self::with(&[])
    }

    fn with(more: &[&str]) -> Self {
        let (port, dir) = (free_port(), tempfile::tempdir().expect("a folder"));
        let more = more.iter().map(ToString::to_string).collect::<Vec<_>>();
        let child = run(port, &dir, &more);
        Self { port, dir, child, more }
    }

    /// One that follows this one.
    pub fn replica(&self) -> Self {
        Self::with(&["--replicaof", "127.0.0.1", &self.port.to_string()])
    }

    /// A Sentinel that watches this one, under the name `chat`.
    pub fn sentinel(&self) -> Self {
        let (port, dir) = (free_port(), tempfile::tempdir().expect("a folder"));
        let text = format!(
            "sentinel monitor chat 127.0.0.1 {} 1\nsentinel down-after-milliseconds chat 300\n\
             sentinel failover-timeout chat 2000\n",
            self.port
        );
        let file = dir.path().join("sentinel.conf");
        std::fs::write(&file, text).expect("it is written");
        let more = vec![file.to_string_lossy().into_owned(), "--sentinel".to_owned()];
        let child = spawn(port, &dir, &more);
        Self { port, dir, child, more }
    }

    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Stops it in the middle of whatever it does, or lets it go on.
    pub fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        let kill = Command::new("kill").args(["-s", name, &pid]).status().expect("kill exists");
        assert!(kill.success());
    }

    /// Lets it come back where it was.
    pub fn restart(&mut self) {
        self.kill();
        self.child = run(self.port, &self.dir, &self.more);
    }

    pub async fn connection(&self) -> MultiplexedConnection {
        let client = ::redis::Client::open(self.url()).expect("an address");
        client.get_multiplexed_async_connection().await.expect("a connection")
    }

    pub async fn publish(&self, channel: &str, payload: &[u8]) {
        let mut connection = self.connection().await;
        let mut command = ::redis::cmd("SPUBLISH");
        command.arg(channel).arg(payload);
        let _: usize = command.query_async(&mut connection).await.expect("it is published");
    }

    /// Whether a command's answer holds a text; not while there is none, as when it is promoted.
    pub async fn says(&self, command: &[&str], text: &str) -> bool {
        let client = ::redis::Client::open(self.url()).expect("an address");
        let Ok(mut connection) = client.get_multiplexed_async_connection().await else {
            return false;
        };
        let mut asked = ::redis::cmd(command[0]);
        asked.arg(&command[1..]);
        let answer: Result<::redis::Value, _> = asked.query_async(&mut connection).await;
        answer.is_ok_and(|answer| format!("{answer:?}").contains(text))
    }

    /// The channels that somebody is subscribed to.
    pub async fn channels(&self) -> Vec<String> {
        let mut connection = self.connection().await;
        let mut command = ::redis::cmd("PUBSUB");
        command.arg("SHARDCHANNELS");
        let mut channels: Vec<String> =
            command.query_async(&mut connection).await.expect("they are told");
        channels.sort();
        channels
    }
}

fn free_port() -> u16 {
    let free = TcpListener::bind("127.0.0.1:0").expect("a free port");
    free.local_addr().expect("an address").port()
}

fn run(port: u16, dir: &TempDir, more: &[String]) -> Child {
    let options = ["--save", "", "--appendonly", "no"].map(str::to_owned);
    spawn(port, dir, &[&options, more].concat())
}

fn spawn(port: u16, dir: &TempDir, options: &[String]) -> Child {
    let child = Command::new("redis-server")
        .args(options)
        .args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--dir"])
        .arg(dir.path())
        .stdout(Stdio::null())
        .spawn()
        .expect("redis-server is installed");
    let patience = Instant::now() + Duration::from_secs(10);
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        assert!(Instant::now() < patience, "Redis listens");
        std::thread::sleep(Duration::from_millis(5));
    }
    child
}
