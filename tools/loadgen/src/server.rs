//! The server under load: its process, and what the kernel says of it.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use tempfile::TempDir;
use tokio::process::{Child, Command};

use crate::rest;

/// The secret that tokens of the run are signed with.
pub(crate) const SECRET: &str = "a secret of the load generator alone";
/// How long a server may take to start or to go down.
const PATIENCE: Duration = Duration::from_secs(30);
/// Clock ticks per second of `/proc/<pid>/stat`: the same on every Linux.
const TICKS: f64 = 100.0;

/// The server's program: the given one, or that beside this program.
pub(crate) fn program(given: Option<PathBuf>) -> Result<PathBuf> {
    let beside = || Ok::<_, anyhow::Error>(std::env::current_exe()?.with_file_name("zvon"));
    let path = given.map_or_else(beside, Ok)?;
    ensure!(path.is_file(), "{} is not there: build it, or name it by --zvon", path.display());
    Ok(path)
}

/// A directory for the data of one run.
pub(crate) fn place() -> Result<TempDir> {
    TempDir::with_prefix("zvon-load-").context("no place for data")
}

/// A running server.
pub(crate) struct Server {
    child: Child,
    pid: u32,
    address: SocketAddr,
    started_in: Duration,
}

/// What the kernel says of the server at one moment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Account {
    /// CPU seconds so far.
    pub(crate) cpu: f64,
    /// Resident bytes.
    pub(crate) resident: u64,
}

impl Server {
    /// Starts it on `data` and waits until it is ready.
    pub(crate) async fn start(program: &Path, data: &Path) -> Result<Self> {
        // One generator is one address.
        let names = ["SOCKET_EVENTS_PER_MINUTE", "CONNECTIONS_PER_ADDRESS", "CONNECTIONS_PER_USER"];
        let off = names.map(|name| format!("ZVON_LIMITS__{name}"));
        let off: Vec<_> = off.iter().map(|name| (name.as_str(), "0")).collect();
        Self::start_with(program, data, &off).await
    }

    /// The same with these variables besides; without limits but those.
    pub(crate) async fn start_with(
        program: &Path,
        data: &Path,
        variables: &[(&str, &str)],
    ) -> Result<Self> {
        let address = free_address()?;
        let begun = Instant::now();
        let mut command = Command::new(program);
        command.args(["serve", "--listen", &address.to_string(), "--data"]).arg(data);
        command.env("ZVON_AUTH__JWT_SECRET", SECRET).env("ZVON_LOG__LEVEL", "warn");
        let (limits, off) = ("ZVON_LIMITS__", "0");
        for name in ["messages", "pins", "forwards", "sign_in", "sign_up"] {
            command.env(format!("{limits}{name}_per_minute").to_uppercase(), off);
        }
        command.envs(variables.iter().copied());
        let child = command.stdout(Stdio::null()).kill_on_drop(true).spawn()?;
        let pid = child.id().context("the server ended at once")?;
        let mut server = Self { child, pid, address, started_in: Duration::ZERO };
        while rest::get(address, "/health/readiness").await.is_err() {
            ensure!(begun.elapsed() < PATIENCE, "the server does not get ready");
            if let Some(status) = server.child.try_wait()? {
                anyhow::bail!("the server ended at once: {status}");
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        server.started_in = begun.elapsed();
        Ok(server)
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// How long it took from its process's start to its readiness.
    pub(crate) fn started_in(&self) -> Duration {
        self.started_in
    }

    /// What it has used, and uses.
    pub(crate) fn account(&self) -> Result<Account> {
        self.watch().account()
    }

    /// A look at it from another thread.
    pub(crate) fn watch(&self) -> Watch {
        Watch { pid: self.pid }
    }

    /// Ends it in order.
    pub(crate) async fn stop(mut self) -> Result<()> {
        let told = Command::new("kill").args(["-TERM", &self.pid.to_string()]).status().await?;
        ensure!(told.success(), "the server cannot be told to stop");
        tokio::time::timeout(PATIENCE, self.child.wait()).await.context("it does not stop")??;
        Ok(())
    }
}

/// A look at a server's process.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Watch {
    pid: u32,
}

impl Watch {
    /// A look at this process.
    pub(crate) fn own() -> Self {
        Self { pid: std::process::id() }
    }

    /// What it has used, and uses.
    pub(crate) fn account(self) -> Result<Account> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.pid))?;
        let after_name = stat.rsplit_once(')').context("an unknown form of stat")?.1;
        let fields: Vec<&str> = after_name.split_whitespace().collect();
        let ticks = |index: usize| -> Result<f64> {
            Ok(fields.get(index).context("stat is too short")?.parse()?)
        };
        let cpu = (ticks(11)? + ticks(12)?) / TICKS;
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib = line.and_then(|line| line.split_whitespace().next()).context("no VmRSS")?;
        Ok(Account { cpu, resident: kib.parse::<u64>()? * 1024 })
    }
}

/// CPU seconds that a process of several has used, all of its children included.
pub(crate) fn spent_by(pid: u32) -> f64 {
    let times = |pid: &str| {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        let fields = stat.rsplit_once(')').map_or("", |(_, fields)| fields);
        let fields: Vec<f64> = fields.split(' ').filter_map(|field| field.parse().ok()).collect();
        // The state is no number: the parent's id comes first, the times ten fields behind it.
        fields.get(10..14).map(|times| (fields[0], times[0] + times[1], times[2] + times[3]))
    };
    let ended = times(&pid.to_string()).map_or(0.0, |(_, own, ended)| own + ended);
    let all = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let names = all.filter_map(|entry| entry.file_name().into_string().ok());
    let living =
        names.filter_map(|name| times(&name)).filter(|(parent, ..)| *parent == f64::from(pid));
    (ended + living.map(|(_, own, _)| own).sum::<f64>()) / TICKS
}

fn free_address() -> Result<SocketAddr> {
    let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    Ok(listener.local_addr()?)
}
