//! Counts of days, durable.

use async_trait::async_trait;
use zvon_protocol::analytics::DayCounts;
use zvon_protocol::day::Day;

use super::Fact;
use crate::job::Once;
use crate::store::StoreResult;

/// Counts of days, durable.
#[async_trait]
pub trait AnalyticsStore: Send + Sync {
    /// Counts these facts, but for those that are noted under the job's name; how many it were.
    /// Several may do so at a time.
    async fn count_facts(&self, once: Once, facts: &[Fact]) -> StoreResult<u64>;

    /// The days from that one to that one on which something happened, ascending.
    async fn counted_days(&self, from: Day, to: Day) -> StoreResult<Vec<DayCounts>>;

    /// Forgets who was active on days that lie more than `keep` days before the newest one that was
    /// counted (and before `today`: a clock that was wrong once folds nothing), in small
    /// transactions; how many rows. The days' numbers stay, and nothing told later is added to those
    /// of the active.
    async fn fold_days(&self, today: Day, keep: u32) -> StoreResult<u64>;
}
