//! The operator's commands on a cluster: its PostgreSQL, beside the nodes that may be running on it,
//! and its Redis as far as `doctor` looks at it.

mod backup;
mod doctor;
mod node;
mod redis;

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result};
use async_trait::async_trait;
use zvon_store::Access;
use zvon_store::export::Export;
use zvon_store::postgres::{self, Postgres};
use zvon_store::schema::{Schema, Step};

use super::doctor::{Check, secrets};
use super::ground::Ground;
use crate::backing;
use crate::config::Config;

const CANNOT_BE_USED: &str = "PostgreSQL cannot be used";

/// The cluster of this configuration.
pub(crate) struct Cluster<'a>(pub(crate) &'a Config);

#[async_trait(?Send)]
impl Ground for Cluster<'_> {
    async fn open(&self, access: Access) -> Result<Arc<dyn Export>> {
        let opened = Postgres::beside(&backing::database(self.0), access).await;
        Ok(Arc::new(opened.context(CANNOT_BE_USED)?))
    }

    async fn schema(&self) -> Result<Schema> {
        Postgres::schema(&backing::database(self.0)).await.context(CANNOT_BE_USED)
    }

    async fn migrate(&self) -> Result<Vec<Step>> {
        Postgres::migrate(&backing::database(self.0)).await.context(CANNOT_BE_USED)
    }

    async fn backup(&self, _: &Path, partial: &Path) -> Result<String> {
        backup::copy(self.0, partial).await
    }

    async fn restore(&self, from: &Path) -> Result<String> {
        backup::restore(self.0, from).await
    }

    async fn renew_epoch(&self) -> Result<String> {
        let renewed = postgres::backup::renew_epoch(&backing::database(self.0)).await;
        renewed.context(CANNOT_BE_USED)
    }

    async fn examine(&self, file: Option<&Path>) -> Vec<Check> {
        let mut checks = doctor::database(self.0).await;
        checks.extend(redis::all(self.0).await);
        checks.push(node::internal(self.0));
        checks.extend(secrets::shared(self.0, file));
        checks
    }

    /// The database does not tell on which machine.
    fn is_running(&self) -> Option<bool> {
        None
    }
}
