//! `zvon jobs`: how the background jobs stand, and another try for what they gave up.

use std::io::{self, Write, stdout};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::anyhow;
use clap::{Args, Subcommand};
use serde_json::json;
use zvon_core::job::store::{DeadLetter, JobState};
use zvon_store::Access;
use zvon_store::export::Export;

use super::{Outcome, Place, table};
use crate::{backing, jobs};

#[derive(Args)]
pub(crate) struct Jobs {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Tells how far the jobs are, what keeps them, and how many records they gave up.
    Status {
        /// For programs.
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        place: Place,
    },
    /// Lists records that jobs gave up, with the reasons, the oldest first.
    Dead {
        /// Only those of this job.
        #[arg(long)]
        job: Option<String>,
        /// At most so many.
        #[arg(long, value_name = "N", default_value_t = 100)]
        limit: u32,
        /// For programs; with the records themselves.
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        place: Place,
    },
    /// Has a job do again what it gave up; what it does is no dead letter any more.
    Retry {
        /// Which job.
        job: String,
        /// Only the record of this event.
        #[arg(long, value_name = "ID")]
        event: Option<String>,
        /// Drop them, instead of doing them.
        #[arg(long)]
        forget: bool,
        #[command(flatten)]
        place: Place,
    },
}

impl Jobs {
    pub(super) async fn run(self) -> Outcome {
        match self.action {
            Action::Status { json, place } => {
                let store = backing::ground(&place.load()?).open(Access::Read).await?;
                status(&store.job_states().await?, json)?;
            }
            Action::Dead { job, limit, json, place } => {
                let store = backing::ground(&place.load()?).open(Access::Read).await?;
                dead(&store.dead_letters(job.as_deref(), limit).await?, json)?;
            }
            Action::Retry { job, event, forget, place } => {
                let store = backing::ground(&place.load()?).open(Access::Write).await?;
                return retry(&store, &job, event.as_deref(), forget).await;
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn status(states: &[JobState], json: bool) -> io::Result<()> {
    let mut out = stdout().lock();
    if json {
        let states = states.iter().map(|state| {
            json!({ "job": state.job, "at": state.at, "done": state.done,
                "reached": state.reached, "trouble": state.trouble, "dead": state.dead })
        });
        return writeln!(out, "{}", serde_json::Value::Array(states.collect()));
    }
    let rows: Vec<_> = states
        .iter()
        .map(|state| {
            let (at, reached) = (state.at.to_string(), state.reached.to_string());
            let (done, dead) = (state.done.to_string(), state.dead.to_string());
            [state.job.clone(), at, reached, done, dead, state.trouble.clone().unwrap_or_default()]
        })
        .collect();
    table::write(&mut out, ["JOB", "NOTED", "REACHED", "DONE", "DEAD", "TROUBLE"], &rows)
}

fn dead(letters: &[DeadLetter], json: bool) -> io::Result<()> {
    let mut out = stdout().lock();
    if json {
        let letters = letters.iter().map(|letter| {
            json!({ "job": letter.job, "at": letter.at, "reason": letter.reason,
                "key": letter.record.key, "record": letter.record.envelope })
        });
        return writeln!(out, "{}", serde_json::Value::Array(letters.collect()));
    }
    let rows: Vec<_> = letters
        .iter()
        .map(|letter| {
            let envelope = &letter.record.envelope;
            let (event, topic) = (envelope.event_id.clone(), envelope.payload.topic().to_owned());
            [letter.job.clone(), letter.at.to_string(), event, topic, letter.reason.clone()]
        })
        .collect();
    table::write(&mut out, ["JOB", "GIVEN UP", "EVENT", "TOPIC", "REASON"], &rows)
}

async fn retry(store: &Arc<dyn Export>, name: &str, event: Option<&str>, forget: bool) -> Outcome {
    let jobs = jobs::all(Arc::clone(store) as _, &jobs::Due::default());
    let job = jobs.iter().find(|job| job.name() == name);
    let job = job.ok_or_else(|| anyhow!("there is no job {name:?}"))?;
    let (mut done, mut failed) = (0, 0);
    for letter in store.dead_letters(Some(name), u32::MAX >> 1).await? {
        let id = &letter.record.envelope.event_id;
        if event.is_some_and(|event| event != id) {
            continue;
        }
        if !forget && let Err(error) = job.run(std::slice::from_ref(&letter.record)).await {
            failed += 1;
            eprintln!("{id}: {error}");
            continue;
        }
        store.forget_dead(name, id).await?;
        done += 1;
    }
    let what = if forget { "dropped" } else { "done" };
    writeln!(stdout(), "{done} {what}, {failed} failed again")?;
    Ok(if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
