//! `zvon restore`: everything as it was when a backup was made.
//!
//! The log gets a new epoch: what was written after the backup is gone, and its places in the logs
//! will be given a second time, so clients must drop what they hold. Sessions that were ended
//! after the backup live again; `zvon users revoke-sessions` ends them.

use std::io::{Write, stdout};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use super::{Outcome, Place};
use crate::backing;

#[derive(Args)]
pub(crate) struct Restore {
    /// What `zvon backup` made, or a copy of a data directory.
    #[arg(long, value_name = "DIR|FILE")]
    from: PathBuf,
    #[command(flatten)]
    place: Place,
}

impl Restore {
    pub(super) async fn run(self) -> Outcome {
        let config = self.place.load()?;
        let done = backing::ground(&config).restore(&self.from).await?;
        writeln!(stdout(), "{done}")?;
        Ok(ExitCode::SUCCESS)
    }
}
