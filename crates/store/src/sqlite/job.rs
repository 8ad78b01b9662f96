//! What is remembered of jobs, on SQLite.

use std::collections::HashSet;

use async_trait::async_trait;
use zvon_core::job::Once;
use zvon_core::job::store::{DeadLetter, JobState, JobStore};
use zvon_core::store::StoreResult;
use zvon_protocol::time::Timestamp;

use super::log::Tx;
use super::writer::Pace;
use super::{Sqlite, failed};
use crate::row::signed;
use crate::{kept, row};

const NOTE_DONE: &str = "INSERT INTO job_done (job, event_id, at) \
    SELECT ?1, value, ?2 FROM json_each(?3) WHERE true \
    ON CONFLICT (job, event_id) DO NOTHING RETURNING event_id";
const PURGE: &str = "DELETE FROM job_done WHERE (job, event_id) IN \
    (SELECT job, event_id FROM job_done WHERE at < ? ORDER BY at LIMIT 1000)";
const BURY: &str = "INSERT INTO job_dead (job, event_id, record, reason, at) \
    VALUES (?, ?, ?, ?, ?) ON CONFLICT (job, event_id) DO UPDATE \
    SET record = excluded.record, reason = excluded.reason, at = excluded.at";
const DEAD: &str = "SELECT * FROM job_dead WHERE ?1 IS NULL OR job = ?1 \
    ORDER BY at, job, event_id LIMIT ?2";
const FORGET: &str = "DELETE FROM job_dead WHERE job = ? AND event_id = ?";
const NOTE: &str = "INSERT INTO job_states (job, at, done, reached, trouble) VALUES (?, ?, ?, ?, ?) \
    ON CONFLICT (job) DO UPDATE SET at = excluded.at, done = done + excluded.done, \
    reached = max(reached, excluded.reached), trouble = excluded.trouble";
const STATES: &str = "SELECT j.job, s.at, s.done, s.reached, s.trouble, \
    (SELECT count(*) FROM job_dead d WHERE d.job = j.job) AS dead \
    FROM (SELECT job FROM job_states UNION SELECT job FROM job_dead) j \
    LEFT JOIN job_states s ON s.job = j.job ORDER BY j.job";

#[async_trait]
impl JobStore for Sqlite {
    async fn bury(&self, letter: &DeadLetter) -> StoreResult<()> {
        let bury = sqlx::query(BURY)
            .bind(&letter.job)
            .bind(&letter.record.envelope.event_id)
            .bind(kept::record(&letter.record))
            .bind(kept::clean(&letter.reason))
            .bind(letter.at.0);
        self.change(Pace::Patient, bury).await.map(drop)
    }

    async fn dead_letters(&self, job: Option<&str>, limit: u32) -> StoreResult<Vec<DeadLetter>> {
        let found = sqlx::query(DEAD).bind(job).bind(limit).fetch_all(&self.readers).await;
        row::all(&found.map_err(failed)?, kept::letter).map_err(failed)
    }

    async fn forget_dead(&self, job: &str, event_id: &str) -> StoreResult<bool> {
        let forget = sqlx::query(FORGET).bind(job).bind(event_id);
        Ok(self.change(Pace::Prompt, forget).await? == 1)
    }

    async fn note_job(&self, state: &JobState) -> StoreResult<()> {
        let note = sqlx::query(NOTE)
            .bind(&state.job)
            .bind(state.at.0)
            .bind(signed(state.done))
            .bind(state.reached.0)
            .bind(state.trouble.as_deref().map(kept::clean));
        self.change(Pace::Patient, note).await.map(drop)
    }

    async fn job_states(&self) -> StoreResult<Vec<JobState>> {
        let found = sqlx::query(STATES).fetch_all(&self.readers).await.map_err(failed)?;
        row::all(&found, kept::state).map_err(failed)
    }

    async fn purge_done(&self, before: Timestamp) -> StoreResult<u64> {
        super::in_portions(|| self.change(Pace::Patient, sqlx::query(PURGE).bind(before.0))).await
    }
}

/// Notes events under a job's name within the transaction of their effect; those that were not.
pub(super) async fn fresh<'a>(
    tx: &mut Tx,
    once: Once,
    events: impl Iterator<Item = &'a str>,
) -> StoreResult<HashSet<String>> {
    let events: Vec<_> = events.collect();
    let events = serde_json::to_string(&events).unwrap_or_default();
    let note = sqlx::query_scalar(NOTE_DONE).bind(once.job).bind(once.at.0).bind(events);
    let fresh: Vec<String> = note.fetch_all(&mut **tx).await.map_err(failed)?;
    Ok(fresh.into_iter().collect())
}
