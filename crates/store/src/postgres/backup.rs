//! Copies of the database while nodes go on writing, and their way back: by PostgreSQL's own
//! `pg_dump`, `pg_restore` and `psql`, whose archives every operator knows how to read.
//!
//! What a copy must not be without is added here: a log that was put back has another epoch, from
//! the moment on at which anybody can see it. So restoring is one transaction with that change as
//! its last step; a copy that ends in the middle leaves nothing behind.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use sqlx::{AssertSqlSafe, Row};
use zvon_core::store::{StoreError, StoreResult};

use super::libpq::{absent, done, program};
use super::line::Line;
use super::terms::PROMPT;
use super::{Settings, failed, schema};

/// Of rows that were put back, none is of a transaction that is still to come.
const RENEW: &str = "UPDATE meta SET value = substr(replace(gen_random_uuid()::text, '-', ''), 1, 16) \
        WHERE key = 'log_epoch'; \
    UPDATE outbox SET txid = 0 WHERE txid >= pg_snapshot_xmin(pg_current_snapshot())::text::bigint;";
const EPOCH: &str = "SELECT value FROM meta WHERE key = 'log_epoch'";
const IS_EMPTY: &str = "SELECT NOT EXISTS (SELECT FROM pg_class \
    WHERE relnamespace = current_schema()::regnamespace) AS yes";
/// Connections of others: whoever may not know their names counts them all.
const OTHERS: &str = "SELECT count(*) AS n FROM pg_stat_activity \
    WHERE datname = current_database() AND pid <> pg_backend_pid() AND usename IS NOT NULL \
    AND coalesce(application_name, 'zvon') = 'zvon'";

/// How long connections of a node that ended may still be seen.
const LEAVING: Duration = Duration::from_secs(3);
/// Between two looks at them.
const LOOK: Duration = Duration::from_millis(100);

/// Copies the database as it is now into a new file for its owner alone, reads it back, and waits
/// until it is on disk. Everything that was acknowledged before the call is in it.
///
/// # Errors
/// When the database cannot be reached, the programs are not there or too old, or the file is.
pub fn copy(settings: &Settings, to: &Path) -> StoreResult<()> {
    let unavailable =
        |error: std::io::Error| StoreError::Unavailable(format!("{}: {error}", to.display()));
    let made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(to);
    let out = made.and_then(|file| file.try_clone()).map_err(unavailable)?;
    let mut dump = program("pg_dump", &settings.url);
    dump.args(["--format=custom", "--lock-wait-timeout=10s"]).stdout(out);
    done("pg_dump", dump.output())?;
    let mut read = Command::new("pg_restore");
    done("pg_restore", read.arg("--file=/dev/null").arg(to).output())?;
    File::open(to).and_then(|file| file.sync_all()).map_err(unavailable)
}

/// Puts a copy into an empty database and begins a new log epoch there; the epoch.
///
/// # Errors
/// When the database is not empty or cannot be reached, the copy is none, is damaged or asks for a
/// newer program, or the programs are not there. Nothing was changed then.
pub async fn restore(settings: &Settings, from: &Path) -> StoreResult<String> {
    let line = Line::alone(settings, PROMPT).await?;
    let empty = line.one(sqlx::query(IS_EMPTY)).await.map_err(failed)?;
    if !empty.try_get::<bool, _>("yes").map_err(failed)? {
        let why = "the database is not empty: make a new one, and name that";
        return Err(StoreError::Broken(why.to_owned()));
    }
    fill(settings, from)?;
    epoch(&line).await
}

/// Begins a new log epoch in a database that no node uses; the epoch. For one that was put back by
/// other means than `restore`.
///
/// # Errors
/// When nodes are connected, or it cannot be reached or is none of ours.
pub async fn renew_epoch(settings: &Settings) -> StoreResult<String> {
    let line = Line::alone(settings, PROMPT).await?;
    schema::look(&line).await?.check()?;
    nobody_else(&line).await?;
    let mut tx = line.begin().await?;
    let renew = format!("SET LOCAL statement_timeout = 0; {RENEW}");
    tx.run(AssertSqlSafe(renew)).await.map_err(failed)?;
    tx.commit().await?;
    epoch(&line).await
}

/// Whether no node is connected. The connections of one that just ended go away in a moment.
async fn nobody_else(line: &Line) -> StoreResult<()> {
    let begun = Instant::now();
    loop {
        let others = line.one(sqlx::query(OTHERS)).await.map_err(failed)?;
        let others: i64 = others.try_get("n").map_err(failed)?;
        if others == 0 {
            return Ok(());
        }
        if begun.elapsed() > LEAVING {
            return Err(StoreError::Unavailable(format!(
                "nodes have {others} connections to this database: stop them all first"
            )));
        }
        tokio::time::sleep(LOOK).await;
    }
}

async fn epoch(line: &Line) -> StoreResult<String> {
    line.one(sqlx::query(EPOCH)).await.and_then(|row| row.try_get(0)).map_err(failed)
}

/// Reads the archive as statements into one transaction. Without its end, there is no COMMIT.
fn fill(settings: &Settings, from: &Path) -> StoreResult<()> {
    let mut read = Command::new("pg_restore");
    read.args(["--no-owner", "--no-privileges", "--file=-"]).arg(from);
    read.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut write = program("psql", &settings.url);
    write.args(["--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--file=-"]);
    write.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut write = write.spawn().map_err(|error| absent("psql", &error))?;
    let (input, read) = (write.stdin.take(), read.spawn());
    let passed = read.map_err(|error| absent("pg_restore", &error)).and_then(|mut read| {
        let (Some(mut input), Some(mut output)) = (input, read.stdout.take()) else {
            return Err(StoreError::Unavailable("there is no pipe between programs".to_owned()));
        };
        let passed = input.write_all(b"BEGIN;\n");
        let passed = passed.and_then(|()| std::io::copy(&mut output, &mut input));
        drop(output);
        let whole = done("pg_restore", read.wait_with_output());
        // Who stopped listening says why.
        match (passed, whole) {
            (Ok(_), Ok(_)) => Ok(input.write_all(end().as_bytes()).is_ok()),
            (Ok(_), Err(error)) => Err(error),
            (Err(_), _) => Ok(false),
        }
    });
    let ended = done("psql", write.wait_with_output());
    let is_whole = passed?;
    ended?;
    if is_whole { Ok(()) } else { Err(StoreError::Unavailable("psql ended early".to_owned())) }
}

/// What comes after the archive's statements.
fn end() -> String {
    let known = schema::known();
    format!(
        "\nRESET search_path;\nDO $end$ BEGIN\n\
         IF (SELECT max(value::bigint) FROM meta WHERE key = 'least_known') > {known} THEN\n\
         RAISE EXCEPTION 'the backup is of a newer version, which this program does not know';\n\
         END IF;\n{RENEW}\nIF NOT EXISTS ({EPOCH}) THEN\n\
         RAISE EXCEPTION 'this is no backup of a Zvon'; END IF;\n\
         END $end$;\nCOMMIT;\nANALYZE;\n"
    )
}
