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
}

impl Drop for Redis {
    fn drop(&mut self) {
        self.kill();
    }
}

impl Redis {
    pub fn start() -> Self {
        let free = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = free.local_addr().expect("an address").port();
        drop(free);
        let dir = tempfile::tempdir().expect("a folder");
        let child = run(port, &dir);
        Self { port, dir, child }
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
        self.child = run(self.port, &self.dir);
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

fn run(port: u16, dir: &TempDir) -> Child {
    let child = Command::new("redis-server")
        .args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", ""])
        .args(["--appendonly", "no", "--dir"])
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
