//! `zvon epoch`: what tells clients whether a log is the one that they know.
//!
//! `zvon restore` begins a new one by itself. After any other way back (a data directory or a
//! database put back by its own means, to an earlier time) `zvon epoch --renew` has to, before a
//! server starts: places in the logs are given a second time, and clients must drop what they hold.

use std::io::{Write, stdout};
use std::process::ExitCode;

use clap::Args;
use zvon_store::Access;

use super::{Outcome, Place};
use crate::backing;

#[derive(Args)]
pub(crate) struct Epoch {
    /// Begin a new one. No server may run.
    #[arg(long)]
    renew: bool,
    #[command(flatten)]
    place: Place,
}

impl Epoch {
    pub(super) async fn run(self) -> Outcome {
        let config = self.place.load()?;
        let ground = backing::ground(&config);
        let epoch = if self.renew {
            ground.renew_epoch().await?
        } else {
            ground.open(Access::Read).await?.log_epoch().await?
        };
        writeln!(stdout(), "{epoch}")?;
        Ok(ExitCode::SUCCESS)
    }
}
