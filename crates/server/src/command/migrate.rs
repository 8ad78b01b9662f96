//! `zvon migrate`: brings the database's schema up to date, or tells what that would take.
//!
//! A server does the same at its start unless `store.migrate` is off. Several may try at once: one
//! works, and the others find nothing to do.

use std::io::{self, Write, stdout};
use std::process::ExitCode;

use clap::Args;
use zvon_store::schema::{Schema, Standing, Step};

use super::{Outcome, Place};
use crate::backing;

#[derive(Args)]
pub(crate) struct Migrate {
    /// Change nothing; exit code 1 if the schema is not this program's.
    #[arg(long)]
    check: bool,
    /// Change nothing; write the statements of the steps that are missing.
    #[arg(long, conflicts_with = "check")]
    print: bool,
    #[command(flatten)]
    place: Place,
}

impl Migrate {
    pub(super) async fn run(self) -> Outcome {
        let config = self.place.load()?;
        let ground = backing::ground(&config);
        if self.check {
            let schema = ground.schema().await?;
            writeln!(stdout(), "{}", standing(&schema))?;
            let same = schema.standing() == Standing::Same;
            return Ok(if same { ExitCode::SUCCESS } else { ExitCode::FAILURE });
        }
        if self.print {
            let schema = ground.schema().await?;
            schema.check_least()?;
            print(&schema.missing)?;
            return Ok(ExitCode::SUCCESS);
        }
        let steps = ground.migrate().await?;
        for Step { version, name, .. } in &steps {
            writeln!(stdout(), "applied {version}: {name}")?;
        }
        writeln!(stdout(), "{}", standing(&ground.schema().await?))?;
        Ok(ExitCode::SUCCESS)
    }
}

/// One line about it.
fn standing(schema: &Schema) -> String {
    let Schema { version, known, least, missing } = schema;
    match schema.standing() {
        Standing::Empty => format!("there is no schema yet; this program's is version {known}"),
        Standing::Behind => {
            let steps = missing.len();
            format!("the schema is version {version}, behind: {steps} steps to version {known}")
        }
        Standing::Same => format!("the schema is version {version}, as this program's"),
        Standing::Ahead => {
            format!(
                "the schema is version {version}, ahead: this program knows {known} and may run on it"
            )
        }
        Standing::Beyond => format!(
            "the schema is version {version}, ahead: it needs a program that knows {least}, and this \
             one knows {known}"
        ),
    }
}

fn print(steps: &[Step]) -> io::Result<()> {
    let mut out = stdout().lock();
    for Step { version, name, sql } in steps {
        writeln!(out, "-- {version}: {name}\n{}\n", sql.trim_end())?;
    }
    Ok(())
}
