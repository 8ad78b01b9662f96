//! PostgreSQL: that it is there, is safe, fits this program, and lets a node do its work.

use zvon_core::clock::{Clock, SystemClock};
use zvon_store::postgres::inspect::{self, Inspection, Role};
use zvon_store::schema::Standing;

use super::super::doctor::{self, Check};
use crate::backing;
use crate::config::Config;

/// The oldest PostgreSQL that will do.
const OLDEST: i64 = 150_000;

/// The database: that it answers, fits this program, and is safe.
pub(super) async fn database(config: &Config) -> Vec<Check> {
    let found = match inspect::inspect(&backing::database(config), &SystemClock).await {
        Ok(found) => found,
        Err(error) => return vec![away(&error.to_string(), config.store.pooled)],
    };
    let mut checks = vec![server(&found)];
    checks.extend(unsafe_in_a_crash(&found));
    checks.push(doctor::schema(&found.schema, config.store.migrate && found.role.changes));
    checks.push(role(&found.role, found.schema.standing() != Standing::Empty));
    checks.push(connections(&found, config));
    checks.push(doctor::skew("PostgreSQL", found.ahead, found.within));
    checks.extend(future(&found));
    checks
}

fn away(why: &str, pooled: bool) -> Check {
    const NAME: &str = "PostgreSQL";
    let is_pooler = why.contains("unsupported startup parameter");
    let advice = if is_pooler && !pooled {
        "a pooler stands between: set store.pooled, or name the database itself"
    } else {
        "see store.url (DATABASE_URL), pg_hba.conf, and whether it runs"
    };
    Check::fail(NAME, why, advice)
}

fn server(found: &Inspection) -> Check {
    const NAME: &str = "PostgreSQL";
    let what = format!("{}, database {}", found.server, found.name);
    if found.number < OLDEST {
        return Check::fail(NAME, what, "it has to be 15 or newer");
    }
    if found.standby {
        return Check::fail(NAME, format!("{what}, a standby"), "name the primary in store.url");
    }
    if found.encoding != "UTF8" {
        let what = format!("{what}, encoding {}", found.encoding);
        return Check::fail(NAME, what, "make the database with ENCODING 'UTF8'");
    }
    match &found.log {
        Some((epoch, _)) => Check::ok(NAME, format!("{what}; log epoch {epoch}")),
        None => Check::ok(NAME, what),
    }
}

fn unsafe_in_a_crash(found: &Inspection) -> Option<Check> {
    (!found.careless.is_empty()).then(|| {
        let what = format!("{}: a crash loses acknowledged messages", found.careless.join(", "));
        Check::warn("durability", what, "switch it on in postgresql.conf, or for the nodes' role")
    })
}

/// A node's role needs its tables and no more.
fn role(role: &Role, is_made: bool) -> Check {
    const NAME: &str = "role";
    let name = &role.name;
    if is_made && !role.lacks.is_empty() {
        let what = format!("{name} may not read and write {}", role.lacks.join(", "));
        return Check::fail(NAME, what, "run deploy/postgres/roles.sql again");
    }
    let advice = "run nodes as a role that only reads and writes: deploy/postgres/roles.sql";
    if role.superuser {
        return Check::warn(NAME, format!("{name} is a superuser"), advice);
    }
    let changes = if role.changes { "may" } else { "can not" };
    Check::ok(NAME, format!("{name}, who {changes} change the schema"))
}

/// Whether there is room for this node and another one, as while they are replaced.
fn connections(found: &Inspection, config: &Config) -> Check {
    const NAME: &str = "connections";
    let store = &config.store;
    let each = store.send_connections + store.read_connections + store.write_connections;
    let most = found.connections;
    let what = format!("PostgreSQL takes {most}, a node up to {each}");
    if store.pooled {
        return Check::ok(NAME, format!("{what}; the pooler decides how many there are"));
    }
    if most < i64::from(each) * 2 {
        let advice = "raise max_connections above what all nodes take, or put PgBouncer before it";
        return Check::warn(NAME, what, advice);
    }
    Check::ok(NAME, format!("{what}: enough for {} nodes", most / i64::from(each)))
}

/// What was written at a time that is yet to come.
fn future(found: &Inspection) -> Option<Check> {
    const MINUTE: i64 = 60_000;
    let newest = found.log.as_ref()?.1?;
    (newest.0 > SystemClock.now().0 + MINUTE).then(|| {
        let what = format!("something was written at {newest}, which is yet to come");
        Check::warn("clock", what, "set the clocks; until then new messages carry that time")
    })
}
