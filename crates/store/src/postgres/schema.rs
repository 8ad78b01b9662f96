//! Applying the schema's steps, which are embedded in the program ([`crate::schema`] says who may run
//! on which).
//!
//! All steps that are missing are one transaction under an advisory lock: of several nodes that
//! start, one works and the others wait and find nothing to do. A step waits for a table's lock no
//! longer than people can be let wait for it in turn: behind a change of a table everybody queues.

use sqlx::migrate::Migrator;
use sqlx::postgres::PgRow;
use sqlx::{AssertSqlSafe, Row};
use zvon_core::store::{StoreError, StoreResult};

use super::failed;
use super::line::{Line, Tx};
use crate::schema::{Schema, Step};

/// The steps.
static STEPS: Migrator = sqlx::migrate!("migrations/postgres");

/// A number that means nothing to anybody else.
const LOCK: i64 = 0x007a_766f_6e00;

const PREPARE: &str = "SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = '10min'; \
    SET LOCAL idle_in_transaction_session_timeout = '60s'";
const HURRY: &str = "SET LOCAL lock_timeout = '3s'";
/// Not `IF NOT EXISTS`, which asks for the right to create even where there is nothing to do: a node's
/// role need not have it.
const TABLE: &str = "DO $$ BEGIN IF to_regclass('schema_steps') IS NULL THEN \
    CREATE TABLE schema_steps (version bigint PRIMARY KEY, description text NOT NULL, \
    checksum bytea NOT NULL, applied_at timestamptz NOT NULL); END IF; END $$";
const TABLES: &str = "SELECT to_regclass('schema_steps') IS NOT NULL AS steps";
const APPLIED: &str = "SELECT version, checksum FROM schema_steps";
const APPLY: &str = "INSERT INTO schema_steps VALUES ($1, $2, $3, clock_timestamp())";
const LEAST: &str = "SELECT value FROM meta WHERE key = 'least_known'";

/// The version of the schema that this program has.
pub(super) fn known() -> i64 {
    STEPS.iter().map(|step| step.version).max().unwrap_or_default()
}

/// How the database's schema stands.
pub(super) async fn look(line: &Line) -> StoreResult<Schema> {
    let mut tx = line.begin().await?;
    let found = tx.one(sqlx::query(TABLES)).await.map_err(failed)?;
    if !found.try_get::<bool, _>("steps").map_err(failed)? {
        return Ok(Schema::of(&STEPS, &[], None));
    }
    standing(&mut tx).await
}

/// Applies the steps that are missing; these.
pub(super) async fn bring_up_to_date(line: &Line) -> StoreResult<Vec<Step>> {
    let mut tx = line.begin().await?;
    tx.run(PREPARE).await.map_err(failed)?;
    let lock = format!("SELECT pg_advisory_xact_lock({LOCK})");
    tx.run(AssertSqlSafe(lock)).await.map_err(failed)?;
    tx.run(HURRY).await.map_err(failed)?;
    tx.run(TABLE).await.map_err(failed)?;
    let schema = standing(&mut tx).await?;
    schema.check_least()?;
    for step in STEPS.iter().filter(|step| schema.misses(step.version)) {
        tx.run(step.sql.clone()).await.map_err(|error| refused(error, step.version))?;
        let apply = sqlx::query(APPLY).bind(step.version).bind(&*step.description);
        let applied = tx.execute(apply.bind(&*step.checksum)).await;
        applied.map_err(|error| refused(error, step.version))?;
    }
    tx.commit().await?;
    Ok(schema.missing)
}

/// What was applied, which must be ours.
async fn standing(tx: &mut Tx) -> StoreResult<Schema> {
    let rows = tx.rows(sqlx::query(APPLIED)).await.map_err(failed)?;
    let step = |row: &PgRow| Ok((row.try_get(0)?, row.try_get(1)?));
    let applied: Vec<(i64, Vec<u8>)> =
        rows.iter().map(step).collect::<Result<_, _>>().map_err(failed)?;
    for step in STEPS.iter() {
        let is_other = |(version, checksum): &(i64, Vec<u8>)| {
            *version == step.version && *checksum != *step.checksum
        };
        if applied.iter().any(is_other) {
            let version = step.version;
            let why = format!("step {version} of the database's schema is not this program's");
            return Err(StoreError::Broken(why));
        }
    }
    let versions: Vec<_> = applied.iter().map(|(version, _)| *version).collect();
    let least = if versions.is_empty() { None } else { least(tx).await? };
    Ok(Schema::of(&STEPS, &versions, least.as_deref()))
}

async fn least(tx: &mut Tx) -> StoreResult<Option<String>> {
    let found = tx.optional(sqlx::query(LEAST)).await.map_err(failed)?;
    found.map(|row| row.try_get(0)).transpose().map_err(failed)
}

/// Why a step was not applied. None was, then.
fn refused(error: sqlx::Error, version: i64) -> StoreError {
    let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
    if code.as_deref() == Some("55P03") {
        return StoreError::Unavailable(format!(
            "step {version} of the schema found a table in use for more than three seconds, as by a \
             backup; nothing was changed: try again"
        ));
    }
    match failed(error) {
        StoreError::Unavailable(why) => StoreError::Unavailable(format!("step {version}: {why}")),
        StoreError::Broken(why) => StoreError::Broken(format!("step {version}: {why}")),
    }
}
