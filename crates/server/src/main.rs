//! The process `zvon`.
//!
//! `zvon serve` runs the whole chat: configuration ([`config`]) → what it stands on
//! ([`backing`]) → the edge (`zvon-gateway`) → the door ([`listener`]) → until it is told to stop
//! ([`lifecycle`]). The other commands are the operator's ([`command`]). Wrong configuration is one
//! line and exit code 2.

mod backing;
mod cluster;
mod command;
mod config;
mod data_dir;
mod jobs;
mod kafka;
mod lifecycle;
mod listener;
mod open_files;
#[cfg(feature = "otlp")]
mod otlp;
mod privilege;
mod relay;
mod secret;
mod telemetry;
mod watch;
mod webhook;
mod worker;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// A chat server that speaks Socket.IO.
#[derive(Parser)]
#[command(name = "zvon", version, about)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Runs the chat: web client, REST and Socket.IO on one port.
    Serve(Serve),
    /// Runs the background jobs alone: audit log, webhooks, counts.
    Worker(command::Place),
    #[command(flatten)]
    Operator(command::Command),
}

#[derive(clap::Args)]
struct Serve {
    /// A file with settings; config.default.toml documents them.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Where to listen.
    #[arg(long, value_name = "ADDR:PORT")]
    listen: Option<String>,
    /// Where the database and secrets are kept.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
}

fn main() -> ExitCode {
    let (file, overrides, works) = match Cli::parse().command {
        Command::Serve(serve) => {
            (serve.config, config::Overrides { listen: serve.listen, data: serve.data }, false)
        }
        Command::Worker(place) => {
            (place.config, config::Overrides { listen: None, data: place.data }, true)
        }
        Command::Operator(command) => return command::run(command),
    };
    let settings = match config::Config::load(file.as_deref(), overrides) {
        Ok(settings) => settings,
        Err(error) => {
            eprintln!("zvon: {error}");
            return ExitCode::from(2);
        }
    };
    match run(settings, works) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("zvon: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(settings: config::Config, works: bool) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let telemetry = telemetry::start(&settings, runtime.handle())?;
    runtime.block_on(async {
        if works { worker::work(settings).await } else { lifecycle::serve(settings).await }
    })?;
    // The runtime still runs: the last traces leave by it.
    telemetry.finish();
    Ok(())
}
