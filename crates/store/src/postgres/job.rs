//! What is remembered of jobs, on PostgreSQL.

use std::collections::HashSet;

use async_trait::async_trait;
use zvon_core::job::Once;
use zvon_core::job::store::{DeadLetter, JobState, JobStore};
use zvon_core::store::StoreResult;
use zvon_protocol::time::Timestamp;

use super::line::Tx;
use super::{Postgres, failed};
use crate::row::signed;
use crate::{kept, row};

/// In the order of the key, so that two who note the same events do not wait in a circle.
const NOTE_DONE: &str = "INSERT INTO job_done (job, event_id, at) \
    SELECT $1, e.id, $2 FROM (SELECT DISTINCT id FROM unnest($3::text[]) e (id)) e ORDER BY e.id \
    ON CONFLICT (job, event_id) DO NOTHING RETURNING event_id";
const PURGE: &str = "DELETE FROM job_done WHERE (job, event_id) IN \
    (SELECT job, event_id FROM job_done WHERE at < $1 ORDER BY at LIMIT 1000)";
const BURY: &str = "INSERT INTO job_dead (job, event_id, record, reason, at) \
    VALUES ($1, $2, $3, $4, $5) ON CONFLICT (job, event_id) DO UPDATE \
    SET record = excluded.record, reason = excluded.reason, at = excluded.at";
const DEAD: &str = "SELECT * FROM job_dead WHERE $1 IS NULL OR job = $1 \
    ORDER BY at, job, event_id LIMIT $2";
const FORGET: &str = "DELETE FROM job_dead WHERE job = $1 AND event_id = $2";
const NOTE: &str = "INSERT INTO job_states AS s (job, at, done, reached, trouble) \
    VALUES ($1, $2, $3, $4, $5) ON CONFLICT (job) DO UPDATE SET at = excluded.at, \
    done = s.done + excluded.done, reached = greatest(s.reached, excluded.reached), \
    trouble = excluded.trouble";
const STATES: &str = "SELECT j.job, s.at, s.done, s.reached, s.trouble, \
    (SELECT count(*) FROM job_dead d WHERE d.job = j.job) AS dead \
    FROM (SELECT job FROM job_states UNION SELECT job FROM job_dead) j \
    LEFT JOIN job_states s ON s.job = j.job ORDER BY j.job";

#[async_trait]
impl JobStore for Postgres {
    async fn bury(&self, letter: &DeadLetter) -> StoreResult<()> {
        let bury = sqlx::query(BURY)
            .bind(&letter.job)
            .bind(&letter.record.envelope.event_id)
            .bind(kept::record(&letter.record))
            .bind(kept::clean(&letter.reason))
            .bind(letter.at.0);
        self.rest.execute(bury).await.map(drop).map_err(failed)
    }

    async fn dead_letters(&self, job: Option<&str>, limit: u32) -> StoreResult<Vec<DeadLetter>> {
        let read = sqlx::query(DEAD).bind(job).bind(i64::from(limit));
        let found = self.read.rows(read).await.map_err(failed)?;
        row::all(&found, kept::letter).map_err(failed)
    }

    async fn forget_dead(&self, job: &str, event_id: &str) -> StoreResult<bool> {
        let forget = sqlx::query(FORGET).bind(job).bind(event_id);
        Ok(self.rest.execute(forget).await.map_err(failed)? == 1)
    }

    async fn note_job(&self, state: &JobState) -> StoreResult<()> {
        let note = sqlx::query(NOTE)
            .bind(&state.job)
            .bind(state.at.0)
            .bind(signed(state.done))
            .bind(state.reached.0)
            .bind(state.trouble.as_deref().map(kept::clean));
        self.rest.execute(note).await.map(drop).map_err(failed)
    }

    async fn job_states(&self) -> StoreResult<Vec<JobState>> {
        let found = self.read.rows(sqlx::query(STATES)).await.map_err(failed)?;
        row::all(&found, kept::state).map_err(failed)
    }

    async fn purge_done(&self, before: Timestamp) -> StoreResult<u64> {
        super::in_portions(|| self.rest.execute(sqlx::query(PURGE).bind(before.0))).await
    }
}

/// Notes events under a job's name within the transaction of their effect; those that were not.
pub(super) async fn fresh<'a>(
    tx: &mut Tx,
    once: Once,
    events: impl Iterator<Item = &'a str>,
) -> StoreResult<HashSet<String>> {
    let events: Vec<String> = events.map(str::to_owned).collect();
    let note = sqlx::query(NOTE_DONE).bind(once.job).bind(once.at.0).bind(events);
    let fresh = tx.rows(note).await.map_err(failed)?;
    let fresh = row::all(&fresh, |found| row::text(found, "event_id")).map_err(failed)?;
    Ok(fresh.into_iter().collect())
}
