//! `zvon backup`: a copy of everything a server needs, made while it runs.
//!
//! It is made under another name and renamed when it is whole, checked and on disk.

use std::fs;
use std::io::{Write, stdout};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use clap::Args;

use super::{Outcome, Place, beside, sync_dir};
use crate::backing;

#[derive(Args)]
pub(crate) struct Backup {
    /// A new directory for database and keys; or a new file ending in .db, for the database alone.
    /// Of a cluster: a new file, as pg_dump makes it.
    #[arg(long, value_name = "DIR|FILE")]
    to: PathBuf,
    #[command(flatten)]
    place: Place,
}

impl Backup {
    pub(super) async fn run(self) -> Outcome {
        let config = self.place.load()?;
        let to = &self.to;
        let partial = beside(to, ".partial")?;
        for taken in [to, &partial] {
            if taken.symlink_metadata().is_ok() {
                return Err(anyhow::anyhow!("{} is there already", taken.display()).into());
            }
        }
        let contents = match backing::ground(&config).backup(to, &partial).await {
            Ok(contents) => contents,
            Err(error) => {
                let is_dir = partial.is_dir();
                let _ =
                    if is_dir { fs::remove_dir_all(&partial) } else { fs::remove_file(&partial) };
                return Err(error.into());
            }
        };
        fs::rename(&partial, to).with_context(|| format!("{}", to.display()))?;
        sync_dir(to.parent().unwrap_or(Path::new(".")))?;
        writeln!(stdout(), "{} holds {contents}", to.display())?;
        Ok(ExitCode::SUCCESS)
    }
}
