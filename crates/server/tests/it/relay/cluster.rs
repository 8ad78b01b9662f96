//! Nodes in processes of their own, with a folder for a registry.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::client::{Answer, ask};

/// The key of clusters whose test does not care.
pub(super) const KEY: &str = "a key that all the nodes of this cluster share";

/// A registry and a database, and no nodes yet.
pub(super) struct Cluster(TempDir);

impl Cluster {
    pub(super) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("nodes")).unwrap();
        Self(dir)
    }

    /// Where the entry of a node stands.
    pub(super) fn entry(&self, node: &str) -> PathBuf {
        self.0.path().join("nodes").join(node)
    }

    /// A node with the usual key.
    pub(super) fn node(&self, args: &[&str]) -> Node {
        self.node_with(&[KEY], args)
    }

    /// A node with these keys.
    pub(super) fn node_with(&self, keys: &[&str], args: &[&str]) -> Node {
        let mut command = Command::new(binary());
        command.arg("--registry").arg(self.0.path().join("nodes"));
        command.arg("--store").arg(self.0.path().join("zvon.db")).args(args);
        for key in keys {
            command.args(["--key", key]);
        }
        let log = self.0.path().join("log");
        let log = std::fs::File::options().create(true).append(true).open(log).unwrap();
        Node::start(command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log))
    }
}

fn binary() -> PathBuf {
    let zvon = PathBuf::from(env!("CARGO_BIN_EXE_zvon"));
    let node = zvon.with_file_name("examples").join("cluster_node");
    assert!(node.exists(), "build it: cargo build -p zvon-server --example cluster_node");
    node
}

/// A running node.
pub(super) struct Node {
    child: Child,
    pub(super) public: SocketAddr,
    pub(super) internal: SocketAddr,
    pub(super) id: String,
}

impl Node {
    fn start(command: &mut Command) -> Self {
        let mut child = command.spawn().unwrap();
        let mut said = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut said).unwrap();
        let word = |name: &str| {
            let word = said.split_whitespace().find_map(|word| word.strip_prefix(name));
            word.unwrap_or_else(|| panic!("it did not serve: {said:?}")).to_owned()
        };
        Self {
            public: word("public=").parse().unwrap(),
            internal: word("internal=").parse().unwrap(),
            id: word("node="),
            child,
        }
    }

    pub(super) fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args([name, &pid]).status().unwrap().success());
    }

    /// Ends it without asking.
    pub(super) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// A request to its public port.
    pub(super) fn ask(&self, method: &str, path: &str, head: &str, body: &[u8]) -> Answer {
        ask(self.public, method, path, head, body)
    }

    /// The sum of a metric over all its labels that contain `label`.
    pub(super) fn metric(&self, name: &str, label: &str) -> f64 {
        let text = self.ask("GET", "/metrics", "", b"").text();
        let lines = text.lines().filter(|line| line.split(['{', ' ']).next() == Some(name));
        let lines = lines.filter(|line| line.contains(label));
        lines.map(|line| line.rsplit_once(' ').unwrap().1.parse::<f64>().unwrap()).sum()
    }

    /// Somebody new; their token.
    pub(super) fn register(&self, email: &str) -> String {
        let body = format!(r#"{{"email":"{email}","password":"long enough","name":"Ann"}}"#);
        let json = "content-type: application/json\r\n";
        let answer = self.ask("POST", "/auth/register", json, body.as_bytes());
        assert_eq!(answer.status, 201, "{}", answer.text());
        answer.field("accessToken")
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Waits until something is so.
pub(super) fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(15);
    while !is_so() {
        assert!(Instant::now() < deadline, "not in time: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}
