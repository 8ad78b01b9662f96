//! The operator's commands on a data directory with SQLite in it.

mod backup;
mod doctor;
mod restore;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result};
use async_trait::async_trait;
use zvon_store::Access;
use zvon_store::export::Export;
use zvon_store::schema::{Schema, Step};
use zvon_store::sqlite::{self, Sqlite};

use super::doctor::{Check, secrets};
use super::ground::Ground;
use crate::backing::FILE;
use crate::config::Config;
use crate::data_dir;

/// The data directory of this configuration.
pub(crate) struct Embedded<'a>(pub(crate) &'a Config);

impl Embedded<'_> {
    fn data(&self) -> &Path {
        &self.0.server.data
    }

    fn file(&self) -> PathBuf {
        self.data().join(FILE)
    }

    fn cannot_be_used(&self) -> String {
        format!("the database {} cannot be used", self.file().display())
    }
}

#[async_trait(?Send)]
impl Ground for Embedded<'_> {
    async fn open(&self, access: Access) -> Result<Arc<dyn Export>> {
        let opened = Sqlite::beside(&self.file(), access).await;
        Ok(Arc::new(opened.with_context(|| self.cannot_be_used())?))
    }

    async fn schema(&self) -> Result<Schema> {
        Sqlite::schema(&self.file()).await.with_context(|| self.cannot_be_used())
    }

    async fn migrate(&self) -> Result<Vec<Step>> {
        let _held = data_dir::take(self.data())?;
        Sqlite::migrate(&self.file()).await.with_context(|| self.cannot_be_used())
    }

    async fn backup(&self, to: &Path, partial: &Path) -> Result<String> {
        backup::copy(self.data(), to, partial).await
    }

    async fn restore(&self, from: &Path) -> Result<String> {
        restore::restore(from, self.data()).await
    }

    async fn renew_epoch(&self) -> Result<String> {
        // Nothing is made where nothing is.
        Sqlite::schema(&self.file()).await.with_context(|| self.cannot_be_used())?;
        let _held = data_dir::take(self.data())?;
        sqlite::backup::renew_epoch(&self.file()).await.with_context(|| self.cannot_be_used())
    }

    async fn examine(&self, file: Option<&Path>) -> Vec<Check> {
        let mut checks = doctor::directory(self.data());
        checks.extend(doctor::database(self.data(), self.0.store.migrate).await);
        checks.extend(secrets::made(self.0, file));
        checks
    }

    fn is_running(&self) -> Option<bool> {
        Some(data_dir::is_held(self.data()))
    }
}
