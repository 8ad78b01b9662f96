//! What makes the end of a session a wall.
//!
//! A write that found its session live before it was ended may still be under way when the end
//! commits. Each write has its transaction's id before it looks at the session. So: after the
//! commit take the id that the next transaction would get, and answer once every transaction
//! before it is over. Whoever looks later sees the end. No clock has a part in it.
//!
//! The database's limits bound the wait. Where something else holds a transaction open for longer,
//! nobody knows, and the caller may ask again: an end that is repeated waits again.

use std::time::{Duration, Instant};

use sqlx::Row;
use zvon_core::store::{StoreError, StoreResult};

use super::failed;
use super::line::Line;

const NEXT: &str = "SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint";
const OLDEST: &str = "SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint";

/// Longer than any write may take.
const PATIENCE: Duration = Duration::from_secs(12);
const FIRST_WAIT: Duration = Duration::from_millis(1);
const LONGEST_WAIT: Duration = Duration::from_millis(50);

/// Returns when all writes are over that may have looked before now.
pub(super) async fn wait(line: &Line) -> StoreResult<()> {
    let next = number(line, NEXT).await?;
    let (begun, mut pause) = (Instant::now(), FIRST_WAIT);
    while number(line, OLDEST).await? < next {
        if begun.elapsed() > PATIENCE {
            let why = "a transaction from before the session's end is still open";
            return Err(StoreError::Unavailable(why.to_owned()));
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LONGEST_WAIT);
    }
    Ok(())
}

async fn number(line: &Line, ask: &'static str) -> StoreResult<i64> {
    let row = line.one(sqlx::query(ask)).await.map_err(failed)?;
    row.try_get(0).map_err(failed)
}
