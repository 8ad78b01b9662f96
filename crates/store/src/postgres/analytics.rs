//! Counts per day on PostgreSQL.
//!
//! Whoever counts notes the events first, then locks the days in their order, then those who were
//! active; whoever folds locks the days in their order, too. So nobody waits in a circle, and who was
//! active is counted before a day is folded or not at all.

use std::collections::BTreeMap;

use async_trait::async_trait;
use zvon_core::analytics::store::AnalyticsStore;
use zvon_core::analytics::{Added, Fact, Seen, Tally};
use zvon_core::job::Once;
use zvon_core::store::StoreResult;
use zvon_protocol::analytics::DayCounts;
use zvon_protocol::day::Day;

use super::line::Tx;
use super::{Postgres, failed, in_portions, job};
use crate::row::signed;
use crate::{counted, row};

const ADD: &str = "INSERT INTO analytics_days AS d \
    (day, messages, active_users, active_chats, new_users, new_chats, folded) \
    SELECT t.day, t.messages, 0, 0, t.users, t.chats, 0 FROM unnest($1::bigint[], $2::bigint[], \
    $3::bigint[], $4::bigint[]) t (day, messages, users, chats) ORDER BY t.day \
    ON CONFLICT (day) DO UPDATE SET messages = d.messages + excluded.messages, \
    new_users = d.new_users + excluded.new_users, new_chats = d.new_chats + excluded.new_chats \
    RETURNING d.day, d.folded";
const SEE: &str = "WITH fresh AS (INSERT INTO analytics_seen (day, kind, id) \
    SELECT t.day, t.kind, t.id FROM unnest($1::bigint[], $2::bigint[], $3::uuid[]) t (day, kind, id) \
    ORDER BY t.day, t.kind, t.id ON CONFLICT (day, kind, id) DO NOTHING RETURNING day, kind), \
    sums AS (SELECT day, count(*) FILTER (WHERE kind = 0) AS users, \
    count(*) FILTER (WHERE kind = 1) AS chats FROM fresh GROUP BY day) \
    UPDATE analytics_days d SET active_users = d.active_users + s.users, \
    active_chats = d.active_chats + s.chats FROM sums s WHERE d.day = s.day";
const DAYS: &str = "SELECT day, messages, active_users, active_chats, new_users, new_chats \
    FROM analytics_days WHERE day BETWEEN $1 AND $2 ORDER BY day";
const FOLD: &str = "UPDATE analytics_days SET folded = 1 WHERE day IN \
    (SELECT d.day FROM analytics_days d WHERE d.folded = 0 \
    AND d.day < least($1, (SELECT max(n.day) FROM analytics_days n)) - $2 \
    ORDER BY d.day FOR NO KEY UPDATE)";
const FORGET: &str = "DELETE FROM analytics_seen WHERE (day, kind, id) IN \
    (SELECT s.day, s.kind, s.id FROM analytics_seen s \
    WHERE s.day < least($1, (SELECT max(n.day) FROM analytics_days n)) - $2 \
    AND (SELECT d.folded FROM analytics_days d WHERE d.day = s.day) = 1 \
    ORDER BY s.day, s.kind, s.id LIMIT 1000)";

#[async_trait]
impl AnalyticsStore for Postgres {
    async fn count_facts(&self, once: Once, facts: &[Fact]) -> StoreResult<u64> {
        let mut tx = self.rest.begin().await?;
        let events = facts.iter().map(|fact| fact.event_id.as_str());
        let fresh = job::fresh(&mut tx, once, events).await?;
        let count = fresh.len() as u64;
        let tally = counted::tally(facts, fresh);
        if count > 0 {
            add(&mut tx, &tally).await?;
        }
        tx.commit().await?;
        Ok(count)
    }

    async fn counted_days(&self, from: Day, to: Day) -> StoreResult<Vec<DayCounts>> {
        let read = sqlx::query(DAYS).bind(from.number()).bind(to.number());
        row::all(&self.read.rows(read).await.map_err(failed)?, counted::counts).map_err(failed)
    }

    async fn fold_days(&self, today: Day, keep: u32) -> StoreResult<u64> {
        let bound = |sql| sqlx::query(sql).bind(today.number()).bind(i64::from(keep));
        self.rest.execute(bound(FOLD)).await.map_err(failed)?;
        in_portions(|| self.rest.execute(bound(FORGET))).await
    }
}

/// Adds to the days, and to their numbers of the active those who were not there yet.
async fn add(tx: &mut Tx, tally: &Tally) -> StoreResult<()> {
    let days: Vec<i64> = tally.days.keys().map(|day| day.number()).collect();
    let numbers = |of: fn(&Added) -> u64| -> Vec<i64> {
        tally.days.values().map(|added| signed(of(added))).collect()
    };
    let add = sqlx::query(ADD)
        .bind(days)
        .bind(numbers(|added| added.messages))
        .bind(numbers(|added| added.new_users))
        .bind(numbers(|added| added.new_chats));
    let found = tx.rows(add).await.map_err(failed)?;
    let standings = row::all(&found, counted::standing).map_err(failed)?;
    let standings: BTreeMap<Day, bool> = standings.into_iter().collect();
    let seen: Vec<&Seen> = counted::unfolded(tally, &standings).collect();
    if seen.is_empty() {
        return Ok(());
    }
    let see = sqlx::query(SEE)
        .bind(seen.iter().map(|(day, _, _)| day.number()).collect::<Vec<_>>())
        .bind(seen.iter().map(|(_, active, _)| active.number()).collect::<Vec<_>>())
        .bind(seen.iter().map(|(_, _, id)| *id).collect::<Vec<_>>());
    tx.execute(see).await.map(drop).map_err(failed)
}
