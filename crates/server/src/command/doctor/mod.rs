//! `zvon doctor`: whether a server can run here, one line for each thing that has to be right.
//!
//! It changes nothing, and may run beside the server. `ok`, `warn` (it will run; somebody should
//! know) or `FAIL` with what to do. Exit code 0 without a FAIL, 1 with one, 2 if the configuration
//! itself is wrong.

mod data;
mod machine;
mod secrets;

use std::io::{self, Write, stdout};
use std::process::ExitCode;

use clap::Args;
use serde::Serialize;
use serde_json::json;

use super::table::plain;
use super::{Failure, Outcome, Place};
use crate::config::Config;

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

/// How a thing is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Status {
    Ok,
    Warn,
    Fail,
}

/// One thing that was looked at.
#[derive(Clone, Debug, Serialize)]
struct Check {
    name: &'static str,
    status: Status,
    found: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    advice: Option<String>,
}

impl Check {
    fn ok(name: &'static str, found: impl Into<String>) -> Self {
        Self { name, status: Status::Ok, found: found.into(), advice: None }
    }

    fn warn(name: &'static str, found: impl Into<String>, advice: impl Into<String>) -> Self {
        let (found, advice) = (found.into(), Some(advice.into()));
        Self { name, status: Status::Warn, found, advice }
    }

    fn fail(name: &'static str, found: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { status: Status::Fail, ..Self::warn(name, found, advice) }
    }
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
        let data = &config.server.data;
        let mut checks = vec![self.configuration(), machine::versions().await];
        checks.extend(data::directory(data));
        checks.extend(data::database(data).await);
        checks.push(machine::port(config, data::is_running(data)));
        checks.extend(machine::clock());
        checks.push(machine::open_files(self.connections));
        checks.extend(secrets::all(config, self.place.config.as_deref()));
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
