//! Where jobs read: each as a group of its own, with as many members as there are workers.
//!
//! A job may have read the outbox before, or read it again later. Ids of events are the same in both,
//! and what a job has done is noted under its name and their ids for some days, so what comes from
//! both is done once, as long as nothing comes that is older than that. Hence:
//!
//! * a position in the outbox says how far the job is, and wins over the group's: the group begins a
//!   little before it, and the position is forgotten, so that no row waits for it any more;
//! * a group without either begins with what is younger than what is remembered.
//!
//! Back to the outbox a job begins with all that is there: days at most.

use std::sync::Arc;

use async_trait::async_trait;
use zvon_core::clock::Clock;
use zvon_core::event_log::{EventLogError, Records};
use zvon_core::job::{Job, Source};
use zvon_core::outbox::position::PositionStore;
use zvon_core::store::StoreError;
use zvon_protocol::time::Timestamp;

use super::begin::begin;
use super::records::KafkaRecords;
use super::settings::Settings;
use super::topics::ensure;

/// How far before a position a group begins: clocks differ, and the relay may be behind.
const BEFORE: i64 = 3_600_000;

/// Where jobs read.
pub struct KafkaSource {
    settings: Settings,
    positions: Arc<dyn PositionStore>,
    clock: Arc<dyn Clock>,
    /// In milliseconds.
    remembered: i64,
}

impl KafkaSource {
    /// On these brokers. `remembered`: for how many milliseconds it is known which events were
    /// done, at least.
    #[must_use]
    pub fn new(
        settings: Settings,
        positions: Arc<dyn PositionStore>,
        clock: Arc<dyn Clock>,
        remembered: i64,
    ) -> Self {
        Self { settings, positions, clock, remembered }
    }
}

fn away(error: StoreError) -> EventLogError {
    EventLogError::Unavailable(error.to_string())
}

#[async_trait]
impl Source for KafkaSource {
    async fn open(&self, job: &Arc<dyn Job>) -> Result<Box<dyn Records>, EventLogError> {
        let (name, topics) = (job.name(), job.topics());
        let group = format!("{}-{name}", self.settings.group_id);
        let all = self.positions.positions().await.map_err(away)?;
        let position = all.into_iter().find(|position| position.reader == name);
        let reached = position.map(|position| position.reached);
        let since = since(reached, self.clock.now(), self.remembered);
        ensure(&self.settings).await?;
        begin(&self.settings, &group, topics, (since, reached.is_some())).await?;
        if reached.is_some() {
            self.positions.forget_position(name).await.map_err(away)?;
        }
        Ok(Box::new(KafkaRecords::join(&self.settings, &group, topics).await?))
    }
}

/// What a group begins with that never read, or not as far as the position that reached so far.
fn since(reached: Option<Timestamp>, now: Timestamp, remembered: i64) -> Timestamp {
    let oldest = now.plus_millis(-remembered);
    reached.map_or(oldest, |reached| reached.plus_millis(-BEFORE).max(oldest))
}

#[cfg(test)]
mod tests {
    use super::{BEFORE, Timestamp, since};

    #[test]
    fn a_group_begins_before_the_position_and_with_nothing_that_is_forgotten() {
        let (now, day) = (Timestamp(1_700_000_000_000), 86_400_000);
        let oldest = now.plus_millis(-6 * day);
        assert_eq!(since(None, now, 6 * day), oldest);
        assert_eq!(since(Some(now), now, 6 * day), now.plus_millis(-BEFORE));
        assert_eq!(since(Some(now.plus_millis(-9 * day)), now, 6 * day), oldest);
        assert_eq!(since(Some(Timestamp(0)), now, 6 * day), oldest, "it never read");
    }
}
