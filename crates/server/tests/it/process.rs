//! Runs the binary, with nothing of this process's environment, in a directory of its own.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// How long a start or an end may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// A directory to run in.
pub(crate) fn place() -> TempDir {
    tempfile::tempdir().unwrap()
}

/// `zvon` with these arguments, in `dir`.
pub(crate) fn zvon(dir: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_zvon"));
    command.env_clear().current_dir(dir).args(args);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// `zvon serve` on a free port, with these variables.
pub(crate) fn serve(dir: &Path, variables: &[(&str, &str)]) -> Command {
    let mut command = zvon(dir, &["serve", "--listen", "127.0.0.1:0"]);
    command.envs(variables.iter().copied());
    command
}

/// Runs to the end, which has to come by itself.
pub(crate) fn run(mut command: Command) -> Output {
    let mut child = command.spawn().unwrap();
    let deadline = Instant::now() + PATIENCE;
    while child.try_wait().unwrap().is_none() {
        if Instant::now() > deadline {
            child.kill().unwrap();
            panic!("it still runs: {}", text(&child.wait_with_output().unwrap().stdout));
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    child.wait_with_output().unwrap()
}

/// Runs to the end and answers the one line with which it refuses the configuration.
pub(crate) fn refusal(command: Command) -> String {
    let output = run(command);
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert_eq!(said.lines().count(), 1, "one line: {said}");
    assert!(said.starts_with("zvon: "), "{said}");
    assert_eq!(text(&output.stdout), "");
    said.trim_end().to_owned()
}

/// Runs to the end and answers the one line with which it gives up.
pub(crate) fn failure(command: Command) -> String {
    let output = run(command);
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    let last = said.lines().last().unwrap_or_default();
    assert!(last.starts_with("zvon: "), "{said}");
    last.to_owned()
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A running server. What it logs is read all the time: a full pipe would stop it.
pub(crate) struct Server {
    child: Child,
    logs: Option<JoinHandle<String>>,
    /// The line it said when it served.
    pub(crate) said: String,
    pub(crate) port: u16,
}

impl Server {
    /// Starts it and waits until it serves.
    pub(crate) fn start(mut command: Command) -> Self {
        let mut child = command.spawn().unwrap();
        let mut said = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut said).unwrap();
        let Some(port) = port(&said) else {
            panic!("it did not serve: {}", text(&child.wait_with_output().unwrap().stderr))
        };
        let mut stderr = child.stderr.take().unwrap();
        let logs = std::thread::spawn(move || {
            let mut logs = String::new();
            stderr.read_to_string(&mut logs).unwrap();
            logs
        });
        Self { child, logs: Some(logs), said, port }
    }

    /// One request; the status, the head and the body of the answer.
    pub(crate) fn ask(&self, method: &str, path: &str, head: &str, body: &str) -> Answer {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        let length = body.len();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\
             content-type: application/json\r\ncontent-length: {length}\r\n{head}\r\n{body}"
        );
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Answer { status, head: head.to_lowercase(), body: body.to_owned() }
    }

    /// Signs somebody up; the token.
    pub(crate) fn register(&self, email: &str) -> String {
        let body = format!(r#"{{"email":"{email}","password":"long enough","name":"Ann"}}"#);
        let answer = self.ask("POST", "/auth/register", "", &body);
        assert_eq!(answer.status, 201, "{}", answer.body);
        answer.field("accessToken")
    }

    /// Who a token is, as a status.
    pub(crate) fn me(&self, token: &str) -> u16 {
        self.ask("GET", "/auth/me", &format!("authorization: Bearer {token}\r\n"), "").status
    }

    /// Its process.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Asks it to go down; the exit code and the logs.
    pub(crate) fn stop(mut self) -> (Option<i32>, String) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
        let logs = self.logs.take().unwrap().join().unwrap();
        (self.child.wait().unwrap().code(), logs)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What was answered.
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// In small letters.
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Answer {
    /// A text of the JSON body.
    pub(crate) fn field(&self, name: &str) -> String {
        let start = self.body.find(&format!("\"{name}\":\"")).unwrap() + name.len() + 4;
        self.body[start..].split('"').next().unwrap().to_owned()
    }
}

fn port(said: &str) -> Option<u16> {
    let rest = said.split_once("Zvon is at http://")?.1;
    rest.split(',').next()?.rsplit_once(':')?.1.trim().parse().ok()
}
