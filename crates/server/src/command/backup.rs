//! `zvon backup`: a copy of everything a server needs, made while it runs.
//!
//! A directory with the database and the keys, or the database alone if the name ends in `.db`.
//! It is made under another name and renamed when it is whole, checked and on disk.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{Write, stdout};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::Args;
use zvon_store::sqlite::{backup, inspect};

use super::{Outcome, Place, beside, sync_dir};
use crate::backing::FILE;
use crate::secret::{CLUSTER_KEY, JWT_KEY};

#[derive(Args)]
pub(crate) struct Backup {
    /// A new directory for database and keys; or a new file ending in .db, for the database alone.
    #[arg(long, value_name = "DIR|FILE.db")]
    to: PathBuf,
    #[command(flatten)]
    place: Place,
}

impl Backup {
    pub(super) async fn run(self) -> Outcome {
        let config = self.place.load()?;
        let (data, to) = (&config.server.data, &self.to);
        let partial = beside(to, ".partial")?;
        for taken in [to, &partial] {
            if taken.symlink_metadata().is_ok() {
                return Err(anyhow::anyhow!("{} is there already", taken.display()).into());
            }
        }
        let alone = to.extension().is_some_and(|extension| extension == "db");
        let made = if alone { file(data, &partial).await } else { dir(data, &partial).await };
        if let Err(error) = made {
            let _ = if alone { fs::remove_file(&partial) } else { fs::remove_dir_all(&partial) };
            return Err(error.into());
        }
        fs::rename(&partial, to).with_context(|| format!("{}", to.display()))?;
        sync_dir(to.parent().unwrap_or(Path::new(".")))?;
        writeln!(stdout(), "{} holds {}", to.display(), contents(to, alone)?)?;
        Ok(ExitCode::SUCCESS)
    }
}

/// The database alone.
async fn file(data: &Path, to: &Path) -> anyhow::Result<()> {
    let database = data.join(FILE);
    backup::copy(&database, to).await.context("the database cannot be copied")?;
    let found = inspect::inspect(to).await.context("the copy cannot be read")?;
    if let Some(fault) = found.fault {
        bail!("the copy is damaged, and so is {}: {fault}", database.display());
    }
    Ok(())
}

/// Database and keys.
async fn dir(data: &Path, to: &Path) -> anyhow::Result<()> {
    DirBuilder::new().mode(0o700).create(to).with_context(|| format!("{}", to.display()))?;
    file(data, &to.join(FILE)).await?;
    copy_private(&data.join(CLUSTER_KEY), &to.join(CLUSTER_KEY))?;
    if data.join(JWT_KEY).exists() {
        copy_private(&data.join(JWT_KEY), &to.join(JWT_KEY))?;
    }
    sync_dir(to)
}

fn contents(to: &Path, alone: bool) -> anyhow::Result<String> {
    if alone {
        let size = fs::metadata(to)?.len();
        return Ok(format!("the database ({size} bytes); keep {CLUSTER_KEY} and {JWT_KEY}, too"));
    }
    let size = fs::metadata(to.join(FILE))?.len();
    let own = "keep auth.jwt_secret, too";
    let key = if to.join(JWT_KEY).exists() { JWT_KEY } else { own };
    Ok(format!("{FILE} ({size} bytes), {CLUSTER_KEY}, {key}"))
}

/// Copies a file into a new one for its owner alone, and waits until it is on disk.
pub(super) fn copy_private(from: &Path, to: &Path) -> anyhow::Result<()> {
    let mut source = fs::File::open(from).with_context(|| format!("{}", from.display()))?;
    let made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(to);
    let mut target = made.with_context(|| format!("{}", to.display()))?;
    let copied = std::io::copy(&mut source, &mut target).and_then(|_| target.sync_all());
    copied.with_context(|| format!("{}", to.display()))
}
