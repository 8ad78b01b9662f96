//! What an operator wants to know of a database and of who asks. It is only read.

use std::time::{Duration, Instant};

use sqlx::Row;
use sqlx::postgres::PgRow;
use zvon_core::clock::Clock;
use zvon_core::store::StoreResult;
use zvon_protocol::time::Timestamp;

use super::line::Line;
use super::terms::AT_LENGTH;
use super::{Settings, failed, schema};
use crate::row::{self, Columns};
use crate::schema::Schema;

const FACTS: &str = "SELECT current_setting('server_version') AS server, \
    current_setting('server_version_num')::bigint AS number, current_database()::text AS name, \
    current_user::text AS role, r.rolsuper AS superuser, pg_is_in_recovery() AS standby, \
    current_setting('server_encoding') AS encoding, current_setting('fsync') AS fsync, \
    current_setting('full_page_writes') AS full_page_writes, \
    current_setting('synchronous_commit') AS synchronous_commit, \
    current_setting('max_connections')::bigint AS most, \
    current_setting('superuser_reserved_connections')::bigint AS reserved, \
    coalesce(has_schema_privilege(current_schema(), 'CREATE'), false) AS makes \
    FROM pg_roles r WHERE r.rolname = current_user";
/// What a node needs of its tables, and whether it could change them.
const RIGHTS: &str = "SELECT coalesce(bool_and(pg_has_role(relowner, 'USAGE')), false) AS owns, \
    coalesce(array_agg(relname::text ORDER BY relname) FILTER (WHERE NOT \
        (has_table_privilege(oid, 'SELECT') AND has_table_privilege(oid, 'INSERT') \
        AND has_table_privilege(oid, 'UPDATE') AND has_table_privilege(oid, 'DELETE'))), '{}') \
        AS lacks \
    FROM pg_class WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace AND relname \
    IN ('users', 'sessions', 'chats', 'members', 'events', 'pins', 'outbox', 'positions', 'operators', \
    'job_done', 'job_dead', 'job_states', 'audit', 'audit_head', 'webhooks', 'deliveries', \
    'analytics_days', 'analytics_seen', 'retention')";
const LOG: &str = "SELECT (SELECT value FROM meta WHERE key = 'log_epoch') AS epoch, \
    (SELECT max(at) FROM outbox) AS newest";
const CLOCK: &str = "SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint AS now";

/// How often the clock is asked; the quickest answer counts.
const ASKED: usize = 3;

/// What was found.
#[derive(Clone, Debug)]
pub struct Inspection {
    /// PostgreSQL's version, like `15.14`.
    pub server: String,
    /// The same as a number, like 150014.
    pub number: i64,
    /// The database's name.
    pub name: String,
    /// Whether it is a standby, which cannot be written.
    pub standby: bool,
    /// The encoding of its texts.
    pub encoding: String,
    /// What of its settings loses acknowledged messages in a crash, as `name = value`.
    pub careless: Vec<String>,
    /// How many connections it takes from who is no superuser.
    pub connections: i64,
    /// Who asks.
    pub role: Role,
    /// Its schema.
    pub schema: Schema,
    /// The log's epoch, and when something last changed in a chat, as far as is remembered; of
    /// an empty database nothing.
    pub log: Option<(String, Option<Timestamp>)>,
    /// How far its clock is ahead of this machine's, in ms.
    pub ahead: i64,
    /// How exactly that is known, in ms.
    pub within: i64,
}

/// A role and what it may do.
#[derive(Clone, Debug)]
pub struct Role {
    /// Its name.
    pub name: String,
    /// Whether it may do everything.
    pub superuser: bool,
    /// Whether it may change the schema: make tables, and own those that are there.
    pub changes: bool,
    /// Tables that it may not read and write.
    pub lacks: Vec<String>,
}

/// Looks at a database, whatever its schema.
///
/// # Errors
/// When it cannot be reached, or its schema is none of ours.
pub async fn inspect(settings: &Settings, clock: &dyn Clock) -> StoreResult<Inspection> {
    let line = Line::alone(settings, AT_LENGTH).await?;
    let facts = line.one(sqlx::query(FACTS)).await.map_err(failed)?;
    let rights = line.one(sqlx::query(RIGHTS)).await.map_err(failed)?;
    let schema = schema::look(&line).await?;
    let role = role(&facts, &rights, schema.version > 0).map_err(failed)?;
    let log = match schema.version {
        0 => None,
        _ => Some(log(&line).await?),
    };
    let (ahead, within) = skew(&line, clock).await?;
    let found = |facts: &PgRow| {
        Ok(Inspection {
            server: row::text(facts, "server")?,
            number: facts.try_get("number")?,
            name: row::text(facts, "name")?,
            standby: facts.try_get("standby")?,
            encoding: row::text(facts, "encoding")?,
            careless: careless(facts)?,
            connections: facts.try_get::<i64, _>("most")? - facts.try_get::<i64, _>("reserved")?,
            role,
            schema,
            log,
            ahead,
            within,
        })
    };
    found(&facts).map_err(failed)
}

fn role(facts: &PgRow, rights: &PgRow, is_made: bool) -> Result<Role, sqlx::Error> {
    let (makes, owns): (bool, bool) = (facts.try_get("makes")?, rights.try_get("owns")?);
    Ok(Role {
        name: row::text(facts, "role")?,
        superuser: facts.try_get("superuser")?,
        changes: makes && (owns || !is_made),
        lacks: rights.try_get("lacks")?,
    })
}

fn careless(facts: &PgRow) -> Result<Vec<String>, sqlx::Error> {
    let mut found = Vec::new();
    for name in ["fsync", "full_page_writes", "synchronous_commit"] {
        let value = row::text(facts, name)?;
        if value == "off" {
            found.push(format!("{name} = {value}"));
        }
    }
    Ok(found)
}

async fn log(line: &Line) -> StoreResult<(String, Option<Timestamp>)> {
    let found = line.one(sqlx::query(LOG)).await.map_err(failed)?;
    let epoch = row::text(&found, "epoch").map_err(failed)?;
    Ok((epoch, found.int("newest").map_err(failed)?.map(Timestamp)))
}

/// How far the database's clock is ahead, and how exactly that is known: it was read at some time
/// between question and answer.
async fn skew(line: &Line, clock: &dyn Clock) -> StoreResult<(i64, i64)> {
    let mut best: Option<(i64, Duration)> = None;
    for _ in 0..ASKED {
        let (begun, at) = (Instant::now(), clock.now());
        let found = line.one(sqlx::query(CLOCK)).await.map_err(failed)?;
        let took = begun.elapsed();
        let theirs = found.int("now").map_err(failed)?.unwrap_or_default();
        let half = i64::try_from(took.as_millis() / 2).unwrap_or(i64::MAX);
        if best.is_none_or(|(_, quickest)| took < quickest) {
            best = Some((theirs - at.0 - half, took));
        }
    }
    let (ahead, took) = best.unwrap_or_default();
    Ok((ahead, i64::try_from(took.as_millis() / 2).unwrap_or(i64::MAX) + 1))
}
