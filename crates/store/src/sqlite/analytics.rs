//! Counts per day on SQLite.

use std::collections::BTreeMap;

use async_trait::async_trait;
use zvon_core::analytics::store::AnalyticsStore;
use zvon_core::analytics::{Fact, Tally};
use zvon_core::job::Once;
use zvon_core::store::StoreResult;
use zvon_protocol::analytics::DayCounts;
use zvon_protocol::day::Day;

use super::log::Tx;
use super::writer::Pace;
use super::{Sqlite, failed, in_portions, job};
use crate::row::signed;
use crate::{counted, row};

const ADD: &str = "INSERT INTO analytics_days \
    (day, messages, active_users, active_chats, new_users, new_chats, folded) \
    VALUES (?, ?, 0, 0, ?, ?, 0) ON CONFLICT (day) DO UPDATE SET \
    messages = messages + excluded.messages, new_users = new_users + excluded.new_users, \
    new_chats = new_chats + excluded.new_chats RETURNING day, folded";
const SEE: &str = "INSERT INTO analytics_seen (day, kind, id) \
    SELECT value->>0, value->>1, unhex(value->>2) FROM json_each(?) WHERE true \
    ON CONFLICT (day, kind, id) DO NOTHING RETURNING day, kind";
const GROW: &str = "UPDATE analytics_days SET active_users = active_users + ?2, \
    active_chats = active_chats + ?3 WHERE day = ?1";
const DAYS: &str = "SELECT day, messages, active_users, active_chats, new_users, new_chats \
    FROM analytics_days WHERE day BETWEEN ? AND ? ORDER BY day";
const FOLD: &str = "UPDATE analytics_days SET folded = 1 WHERE folded = 0 \
    AND day < min(?1, (SELECT max(day) FROM analytics_days)) - ?2";
const FORGET: &str = "DELETE FROM analytics_seen WHERE (day, kind, id) IN \
    (SELECT s.day, s.kind, s.id FROM analytics_seen s \
    WHERE s.day < min(?1, (SELECT max(n.day) FROM analytics_days n)) - ?2 \
    AND (SELECT d.folded FROM analytics_days d WHERE d.day = s.day) = 1 \
    ORDER BY s.day, s.kind, s.id LIMIT 1000)";

#[async_trait]
impl AnalyticsStore for Sqlite {
    async fn count_facts(&self, once: Once, facts: &[Fact]) -> StoreResult<u64> {
        let mut tx = self.begin_patiently().await?;
        let events = facts.iter().map(|fact| fact.event_id.as_str());
        let fresh = job::fresh(&mut tx, once, events).await?;
        let count = fresh.len() as u64;
        let tally = counted::tally(facts, fresh);
        let standings = add(&mut tx, &tally).await?;
        see(&mut tx, &tally, &standings).await?;
        tx.commit().await?;
        Ok(count)
    }

    async fn counted_days(&self, from: Day, to: Day) -> StoreResult<Vec<DayCounts>> {
        let read = sqlx::query(DAYS).bind(from.number()).bind(to.number());
        let found = read.fetch_all(&self.readers).await.map_err(failed)?;
        row::all(&found, counted::counts).map_err(failed)
    }

    async fn fold_days(&self, today: Day, keep: u32) -> StoreResult<u64> {
        let bound = |sql| sqlx::query(sql).bind(today.number()).bind(keep);
        self.change(Pace::Patient, bound(FOLD)).await?;
        in_portions(|| self.change(Pace::Patient, bound(FORGET))).await
    }
}

/// Adds to the days; which of them are folded.
async fn add(tx: &mut Tx, tally: &Tally) -> StoreResult<BTreeMap<Day, bool>> {
    let mut standings = BTreeMap::new();
    for (day, added) in &tally.days {
        let add = sqlx::query(ADD)
            .bind(day.number())
            .bind(signed(added.messages))
            .bind(signed(added.new_users))
            .bind(signed(added.new_chats));
        let found = add.fetch_one(&mut **tx).await.map_err(failed)?;
        let (day, folded) = counted::standing(&found).map_err(failed)?;
        standings.insert(day, folded);
    }
    Ok(standings)
}

/// Notes who was active, and adds those who were not there yet to their days' numbers.
async fn see(tx: &mut Tx, tally: &Tally, standings: &BTreeMap<Day, bool>) -> StoreResult<()> {
    let seen: Vec<_> = counted::unfolded(tally, standings)
        .map(|(day, active, id)| (day.number(), active.number(), id.simple().to_string()))
        .collect();
    if seen.is_empty() {
        return Ok(());
    }
    let see = sqlx::query(SEE).bind(serde_json::to_string(&seen).unwrap_or_default());
    let found = see.fetch_all(&mut **tx).await.map_err(failed)?;
    let mut new = BTreeMap::<Day, (i64, i64)>::new();
    for (day, is_user) in row::all(&found, counted::seen).map_err(failed)? {
        let (users, chats) = new.entry(day).or_default();
        *if is_user { users } else { chats } += 1;
    }
    for (day, (users, chats)) in new {
        let grow = sqlx::query(GROW).bind(day.number()).bind(users).bind(chats);
        grow.execute(&mut **tx).await.map_err(failed)?;
    }
    Ok(())
}
