//! What a node allowed by itself, told to Redis when that is back. Once at most: to be counted twice
//! would be worse than not to be.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::redis::{Call, Link, LinkError, Queue, Script, Weight};

/// Calls in one write.
const BATCH: usize = 500;

/// Between two looks whether Redis is back.
const LOOK: Duration = Duration::from_millis(50);

/// After Redis refused.
const AGAIN: Duration = Duration::from_millis(500);

/// One decision that no Redis counts yet.
pub(super) struct Allowed {
    pub(super) key: String,
    pub(super) at: Instant,
    pub(super) length: Duration,
}

impl Weight for Allowed {
    fn weight(&self) -> usize {
        self.key.len() + size_of::<Self>()
    }
}

impl Allowed {
    fn counts(&self) -> bool {
        self.at.elapsed() < self.length
    }

    fn call(&self, script: &Script) -> Call {
        let number = |number: u128| u64::try_from(number).unwrap_or(u64::MAX);
        let call = script.call(&[&self.key]).arg(number(self.at.elapsed().as_micros()));
        call.arg(number(self.length.as_millis()))
    }
}

/// Tells what is in the queue, for as long as it counts.
pub(super) async fn tell(link: Arc<Link>, owed: Arc<Queue<Allowed>>) {
    let script = Script::new(include_str!("told.lua"));
    while let Some(mut batch) = owed.take(BATCH).await {
        while let Some(newest) = batch.last().map(|last| last.at) {
            back_since(&link, newest).await;
            batch.retain(Allowed::counts);
            let calls: Vec<Call> = batch.iter().map(|one| one.call(&script)).collect();
            match link.eval_all(&calls).await {
                Ok(answers) => {
                    let mut answers = answers.iter();
                    batch.retain(|_| answers.next().is_some_and(is_to_be_tried_again));
                }
                Err(LinkError::Slow) => batch.clear(),
                Err(error) => tracing::debug!(%error, "what was allowed meanwhile is not counted"),
            }
            if !batch.is_empty() {
                tokio::time::sleep(AGAIN).await;
            }
        }
    }
}

/// Whether it was not counted. (What had no answer may have been.)
fn is_to_be_tried_again<T>(answer: &Result<T, LinkError>) -> bool {
    answer.as_ref().is_err_and(|error| !matches!(error, LinkError::Slow))
}

/// Waits until Redis has answered something after that time.
async fn back_since(link: &Link, time: Instant) {
    loop {
        let health = link.health();
        if health.up && health.answered > time {
            return;
        }
        tokio::time::sleep(LOOK).await;
    }
}
