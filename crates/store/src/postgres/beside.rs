//! Opening a database beside the nodes that may be running on it: an operator's commands.
//!
//! Nothing is made and no schema is changed. Writes are the store's own verbs, with the limits of
//! time that a node has; what is only read may take ten minutes, on connections that cannot write.

use zvon_core::store::StoreResult;

use super::line::Line;
use super::terms::{AT_LENGTH, PROMPT};
use super::{Postgres, Settings, schema};
use crate::Access;
use crate::schema::{Schema, Step};

impl Postgres {
    /// Opens a database that has a schema on which this program may run.
    ///
    /// # Errors
    /// When it cannot be reached, or its schema is none of ours, older, or asks for a newer
    /// program.
    pub async fn beside(settings: &Settings, access: Access) -> StoreResult<Self> {
        let terms = match access {
            Access::Read => AT_LENGTH,
            Access::Write => PROMPT,
        };
        // A command does one thing at a time.
        let line = Line::alone(settings, terms).await?;
        schema::look(&line).await?.check()?;
        Ok(Self { send: line.clone(), read: line.clone(), rest: line })
    }

    /// How its schema stands to this program's. It is only read.
    ///
    /// # Errors
    /// When it cannot be reached, or its schema is none of ours.
    pub async fn schema(settings: &Settings) -> StoreResult<Schema> {
        schema::look(&Line::alone(settings, AT_LENGTH).await?).await
    }

    /// Brings its schema up to date; the steps that this took. Several may do so at once.
    ///
    /// # Errors
    /// When it cannot be reached, its schema is none of ours or asks for a newer program, a step is
    /// refused, or a table stays in use for longer than people should wait.
    pub async fn migrate(settings: &Settings) -> StoreResult<Vec<Step>> {
        schema::bring_up_to_date(&Line::alone(settings, PROMPT).await?).await
    }
}
