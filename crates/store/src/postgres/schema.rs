//! The schema, in steps that are embedded in the program, and who may run on which.
//!
//! Nodes of two neighbouring versions run together while one replaces the other, so a step only
//! adds (expand): a program runs on a schema with later steps than it knows. What the older one
//! needs goes away a version later (contract); that step also writes into `meta` the least version
//! of the schema (`least_known`) that a program must know from then on, and older ones refuse to
//! start.
//!
//! All steps that are missing are one transaction under an advisory lock: of several nodes that
//! start, one works and the others wait and find nothing to do.

use sqlx::Row;
use sqlx::migrate::Migrator;
use zvon_core::store::{StoreError, StoreResult};

use super::failed;
use super::line::{Line, Tx};

/// The steps.
static STEPS: Migrator = sqlx::migrate!("migrations/postgres");

/// A number that means nothing to anybody else.
const LOCK: i64 = 0x007a_766f_6e00;

const PREPARE: &str = "SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = '60s'; \
    SET LOCAL idle_in_transaction_session_timeout = '60s'";
/// Not `IF NOT EXISTS`, which asks for the right to create even where there is nothing to do: a node's
/// role need not have it.
const TABLE: &str = "DO $$ BEGIN IF to_regclass('schema_steps') IS NULL THEN \
    CREATE TABLE schema_steps (version bigint PRIMARY KEY, description text NOT NULL, \
    checksum bytea NOT NULL, applied_at timestamptz NOT NULL); END IF; END $$";
const APPLIED: &str = "SELECT version, checksum FROM schema_steps";
const APPLY: &str = "INSERT INTO schema_steps VALUES ($1, $2, $3, clock_timestamp())";
const LEAST: &str = "SELECT value FROM meta WHERE key = 'least_known'";

/// Applies the steps that are missing.
pub(super) async fn bring_up_to_date(line: &Line) -> StoreResult<()> {
    let mut tx = line.begin().await?;
    tx.run(PREPARE).await.map_err(failed)?;
    let lock = sqlx::query("SELECT pg_advisory_xact_lock($1)").bind(LOCK);
    tx.rows(lock).await.map_err(failed)?;
    tx.run(TABLE).await.map_err(failed)?;
    let applied = applied(&mut tx).await?;
    if !applied.is_empty() {
        check_least(&mut tx).await?;
    }
    for step in STEPS.iter() {
        match applied.iter().find(|(version, _)| *version == step.version) {
            Some((_, checksum)) if *checksum == *step.checksum => {}
            Some(_) => {
                return Err(StoreError::Broken(format!(
                    "step {} of the database's schema is not this program's",
                    step.version
                )));
            }
            None => {
                tx.run(step.sql.clone()).await.map_err(failed)?;
                let apply = sqlx::query(APPLY).bind(step.version).bind(&*step.description);
                tx.execute(apply.bind(&*step.checksum)).await.map_err(failed)?;
            }
        }
    }
    tx.commit().await
}

async fn applied(tx: &mut Tx) -> StoreResult<Vec<(i64, Vec<u8>)>> {
    let rows = tx.rows(sqlx::query(APPLIED)).await.map_err(failed)?;
    let step = |row: &sqlx::postgres::PgRow| Ok((row.try_get(0)?, row.try_get(1)?));
    rows.iter().map(step).collect::<Result<_, _>>().map_err(failed)
}

/// Refuses a schema that this program is too old for.
async fn check_least(tx: &mut Tx) -> StoreResult<()> {
    let least = tx.optional(sqlx::query(LEAST)).await.map_err(failed)?;
    let Some(least) = least else { return Ok(()) };
    let least: String = least.try_get(0).map_err(failed)?;
    let known = known();
    match least.parse::<i64>() {
        Ok(least) if least <= known => Ok(()),
        _ => Err(StoreError::Broken(format!(
            "the database needs a program that knows version {least} of its schema, and this one \
             knows {known}: start a newer one"
        ))),
    }
}

/// The version of the schema that this program has.
fn known() -> i64 {
    STEPS.iter().map(|step| step.version).max().unwrap_or_default()
}
