//! The operator's commands, on what the server's configuration names ([`ground`]). All but `restore`,
//! `epoch --renew` and, alone, `migrate` work beside the running servers.
//!
//! Exit codes: 0 done, 1 it could not be done (or `doctor` found a failure), 2 a wrong command line
//! or configuration. What went wrong is one line on standard error.

mod analytics;
mod audit;
mod backup;
pub(crate) mod cluster;
mod doctor;
pub(crate) mod embedded;
mod epoch;
mod events;
mod export;
pub(crate) mod ground;
mod jobs;
mod migrate;
mod restore;
mod shape;
mod table;
mod users;

use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, anyhow};
use clap::{Args, Subcommand};

use crate::config::{Config, Overrides};

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Checks configuration, data, services, ports, clocks, limits and secrets.
    Doctor(doctor::Doctor),
    /// Lists accounts, closes them, resets passwords, ends sessions.
    Users(users::Users),
    /// Reads the audit log and proves that nobody changed it.
    Audit(audit::Audit),
    /// Tells what was counted per day: messages, active users and chats, new ones.
    Analytics(analytics::Counts),
    /// Tells how background jobs stand, and has them do again what they gave up.
    Jobs(jobs::Jobs),
    /// Writes all that is kept of a user or a chat as JSON.
    Export(export::Export),
    /// Copies everything that is kept while servers run.
    Backup(backup::Backup),
    /// Puts a backup where nothing is.
    Restore(restore::Restore),
    /// Brings the database's schema up to date, or tells what that would take.
    Migrate(migrate::Migrate),
    /// Tells the log's epoch, or begins a new one after a restore by other means.
    Epoch(epoch::Epoch),
    /// Tells how far the outbox was read, and tells the event log again.
    Events(events::Events),
}

/// Whose data.
#[derive(Args)]
pub(crate) struct Place {
    /// The server's file with settings.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// The server's data directory.
    #[arg(long, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
}

/// Why a command was not done.
pub(crate) enum Failure {
    /// The command line or the configuration is wrong.
    Usage(String),
    /// It could not be done.
    Other(anyhow::Error),
}

impl<E: Into<anyhow::Error>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::Other(error.into())
    }
}

type Outcome = Result<ExitCode, Failure>;

/// Runs a command to its end.
pub(crate) fn run(command: Command) -> ExitCode {
    let outcome = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime.block_on(async {
            match command {
                Command::Doctor(doctor) => doctor.run().await,
                Command::Users(users) => users.run().await,
                Command::Audit(audit) => audit.run().await,
                Command::Analytics(counts) => counts.run().await,
                Command::Jobs(jobs) => jobs.run().await,
                Command::Export(export) => export.run().await,
                Command::Backup(backup) => backup.run().await,
                Command::Restore(restore) => restore.run().await,
                Command::Migrate(migrate) => migrate.run().await,
                Command::Epoch(epoch) => epoch.run().await,
                Command::Events(events) => events.run().await,
            }
        }),
        Err(error) => Err(error.into()),
    };
    let failure = match outcome {
        Ok(code) => return code,
        Err(failure) => failure,
    };
    match failure {
        Failure::Usage(text) => {
            eprintln!("zvon: {text}");
            ExitCode::from(2)
        }
        // Whoever reads has seen enough, as in `zvon users list | head`.
        Failure::Other(error) if is_closed_pipe(&error) => ExitCode::SUCCESS,
        Failure::Other(error) => {
            eprintln!("zvon: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn is_closed_pipe(error: &anyhow::Error) -> bool {
    let cause = error.downcast_ref::<io::Error>();
    cause.is_some_and(|cause| cause.kind() == ErrorKind::BrokenPipe)
}

impl Place {
    /// The configuration as the server would read it.
    fn load(&self) -> Result<Config, Failure> {
        let overrides = Overrides { listen: None, data: self.data.clone() };
        Config::load(self.config.as_deref(), overrides)
            .map_err(|error| Failure::Usage(error.to_string()))
    }
}

/// A path with something behind its name: `a/b` and `.partial` give `a/b.partial`.
fn beside(path: &Path, suffix: &str) -> anyhow::Result<PathBuf> {
    let name = path.file_name().ok_or_else(|| anyhow!("{} has no name", path.display()))?;
    let mut name = name.to_owned();
    name.push(suffix);
    Ok(path.with_file_name(name))
}

/// Waits until a directory's entries are on disk.
fn sync_dir(dir: &Path) -> anyhow::Result<()> {
    let dir = if dir.as_os_str().is_empty() { Path::new(".") } else { dir };
    let synced = std::fs::File::open(dir).and_then(|dir| dir.sync_all());
    synced.with_context(|| format!("{}", dir.display()))
}
