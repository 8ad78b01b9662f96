//! Applying the schema's steps, which are embedded in the program ([`crate::schema`] says who may run
//! on which). Whoever does so has the data directory for itself.

use std::sync::LazyLock;

use sqlx::SqlitePool;
use sqlx::migrate::Migrator;
use zvon_core::store::{StoreError, StoreResult};

use super::failed;
use crate::schema::{Schema, Step};

/// The steps. Later ones than these may have been applied.
static STEPS: LazyLock<Migrator> = LazyLock::new(|| {
    let mut steps = sqlx::migrate!("migrations/sqlite");
    steps.set_ignore_missing(true);
    steps
});

const TABLES: &str = "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE name = '_sqlx_migrations')";
const APPLIED: &str = "SELECT version FROM _sqlx_migrations WHERE success";
const LEAST: &str = "SELECT value FROM meta WHERE key = 'least_known'";

/// How the database's schema stands.
pub(super) async fn look(database: &SqlitePool) -> StoreResult<Schema> {
    let is_there: bool = sqlx::query_scalar(TABLES).fetch_one(database).await.map_err(failed)?;
    if !is_there {
        return Ok(Schema::of(&STEPS, &[], None));
    }
    let applied: Vec<i64> =
        sqlx::query_scalar(APPLIED).fetch_all(database).await.map_err(failed)?;
    let least: Option<String> = match applied[..] {
        [] => None,
        _ => sqlx::query_scalar(LEAST).fetch_optional(database).await.map_err(failed)?,
    };
    Ok(Schema::of(&STEPS, &applied, least.as_deref()))
}

/// Applies the steps that are missing; these.
pub(super) async fn bring_up_to_date(writer: &SqlitePool) -> StoreResult<Vec<Step>> {
    let schema = look(writer).await?;
    schema.check_least()?;
    let migrated = STEPS.run(writer).await;
    migrated.map_err(|error| StoreError::Broken(error.to_string()))?;
    Ok(schema.missing)
}
