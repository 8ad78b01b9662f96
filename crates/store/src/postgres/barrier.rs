//! What makes the end of a session a wall.
//!
//! A write that found its session live before it was ended may still be under way when the end
//! commits. Each write holds its lock on the table of chats or of members (which PostgreSQL takes
//! before any of its rows) before it looks at the session, with a look of its own. So: after the
//! commit note the transactions that hold one, and answer once these are over. Whoever locks later
//! looks later, and sees the end. No clock has a part in it.
//!
//! Waiting for the oldest transaction of all (`pg_snapshot_xmin`) would do as well, but then
//! whatever writes for long, in any database of the server, would hold every sign-out up.
//!
//! The database's limits bound the wait. Where a transaction stays open for longer nobody knows,
//! and the caller may ask again: an end that is repeated waits again.

use std::time::{Duration, Instant};

use sqlx::Row;
use zvon_core::store::{StoreError, StoreResult};

use super::failed;
use super::line::Line;

/// The transactions that write to chats or members now; of some, if some are given.
const WRITING: &str = "SELECT coalesce(array_agg(DISTINCT virtualtransaction), '{}') FROM pg_locks \
    WHERE locktype = 'relation' AND mode IN ('RowShareLock', 'RowExclusiveLock') \
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) \
    AND relation IN ('chats'::regclass, 'members'::regclass) \
    AND ($1::text[] IS NULL OR virtualtransaction = ANY ($1))";

/// Longer than any write may take.
const PATIENCE: Duration = Duration::from_secs(12);
const FIRST_WAIT: Duration = Duration::from_millis(1);
const LONGEST_WAIT: Duration = Duration::from_millis(50);

/// Returns when all writes are over that may have looked before now.
pub(super) async fn wait(line: &Line) -> StoreResult<()> {
    let mut open = writing(line, None).await?;
    let (begun, mut pause) = (Instant::now(), FIRST_WAIT);
    while !open.is_empty() {
        if begun.elapsed() > PATIENCE {
            let why = "a write from before the session's end is still under way";
            return Err(StoreError::Unavailable(why.to_owned()));
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LONGEST_WAIT);
        open = writing(line, Some(open)).await?;
    }
    Ok(())
}

async fn writing(line: &Line, of: Option<Vec<String>>) -> StoreResult<Vec<String>> {
    let row = line.one(sqlx::query(WRITING).bind(of)).await.map_err(failed)?;
    row.try_get(0).map_err(failed)
}
