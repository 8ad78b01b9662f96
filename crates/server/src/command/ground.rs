//! What the operator's commands act on: a data directory, or a cluster's database. `backing` says
//! which; the commands do not ask.

use std::path::Path;
use std::sync::Arc;

use anyhow::Result;
use async_trait::async_trait;
use zvon_store::Access;
use zvon_store::export::Export;
use zvon_store::schema::{Schema, Step};

use super::doctor::Check;

/// Where the durable truth of this configuration lies, as an operator deals with it.
#[async_trait(?Send)]
pub(crate) trait Ground {
    /// The store, beside the servers that may be running on it.
    async fn open(&self, access: Access) -> Result<Arc<dyn Export>>;

    /// How the schema stands to this program's.
    async fn schema(&self) -> Result<Schema>;

    /// Brings the schema up to date; the steps that this took.
    async fn migrate(&self) -> Result<Vec<Step>>;

    /// Copies everything into `partial`, which is not there and will be called `to`; what it
    /// holds. A failure may leave a part of it.
    async fn backup(&self, to: &Path, partial: &Path) -> Result<String>;

    /// Puts a copy where nothing is, under a new log epoch; what was done.
    async fn restore(&self, from: &Path) -> Result<String>;

    /// Begins a new log epoch where no server runs; the epoch.
    async fn renew_epoch(&self) -> Result<String>;

    /// Looks at everything that is about this ground; `file` is the configuration's. Changes
    /// nothing.
    async fn examine(&self, file: Option<&Path>) -> Vec<Check>;

    /// Whether a server of this ground runs on this machine, if that can be told.
    fn is_running(&self) -> Option<bool>;
}
