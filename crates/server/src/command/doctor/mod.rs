//! `zvon doctor`: whether a server can run here, one line for each thing that has to be right.
//!
//! It changes nothing, and may run beside the server. `ok`, `warn` (it will run; somebody should
//! know) or `FAIL` with what to do. Exit code 0 without a FAIL, 1 with one, 2 if the configuration
//! itself is wrong.

mod check;
mod kafka;
pub(super) mod machine;
pub(super) mod secrets;

use std::io::{self, Write, stdout};
use std::process::ExitCode;

use clap::Args;
use serde_json::json;

use super::table::plain;
use super::{Failure, Outcome, Place};
use crate::backing;
use crate::config::Config;

pub(super) use check::{Check, Status, schema, skew};

#[derive(Args)]
pub(crate) struct Doctor {
    /// How many connections are expected at once.
    #[arg(long, value_name = "N", default_value_t = 1000)]
    connections: u64,
    /// For programs.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    place: Place,
}

impl Doctor {
    pub(super) async fn run(self) -> Outcome {
        let config = match self.place.load() {
            Ok(config) => config,
            Err(Failure::Usage(text)) => {
                let advice = "config.default.toml documents every key";
                self.print(&[Check::fail("configuration", text, advice)])?;
                return Ok(ExitCode::from(2));
            }
            Err(other) => return Err(other),
        };
        let checks = self.look(&config).await;
        self.print(&checks)?;
        let failed = checks.iter().any(|check| check.status == Status::Fail);
        Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
    }

    async fn look(&self, config: &Config) -> Vec<Check> {
        let ground = backing::ground(config);
        let mut checks = vec![self.configuration(), machine::versions().await];
        checks.extend(ground.examine(self.place.config.as_deref()).await);
        checks.push(machine::port(config, ground.is_running()));
        checks.extend(machine::clock());
        checks.push(machine::open_files(self.connections));
        checks.extend(kafka::all(config).await);
        checks
    }

    fn configuration(&self) -> Check {
        let mut sources = vec!["defaults".to_owned()];
        sources.extend(self.place.config.as_ref().map(|file| file.display().to_string()));
        let keys = Config::keys_of_environment();
        if !keys.is_empty() {
            sources.push(format!("the environment or .env ({})", keys.join(", ")));
        }
        sources.extend(self.place.data.as_ref().map(|_| "--data".to_owned()));
        Check::ok("configuration", format!("valid; from {}", sources.join(", ")))
    }

    fn print(&self, checks: &[Check]) -> io::Result<()> {
        let mut out = stdout().lock();
        if self.json {
            let ok = checks.iter().all(|check| check.status != Status::Fail);
            return writeln!(out, "{}", json!({ "ok": ok, "checks": checks }));
        }
        for check in checks {
            let word = match check.status {
                Status::Ok => "ok  ",
                Status::Warn => "warn",
                Status::Fail => "FAIL",
            };
            let advice = check.advice.as_ref().map(|text| format!(" → {text}")).unwrap_or_default();
            writeln!(out, "{word} {}: {}{}", check.name, plain(&check.found), plain(&advice))?;
        }
        Ok(())
    }
}
