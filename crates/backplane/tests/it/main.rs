//! The suites of `core`'s seams, run on every implementation of this crate.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod bus;
mod cache;
mod cost;
mod event_log;
mod inspect;
#[cfg(feature = "kafka")]
mod kafka;
mod limiter;
mod link;
mod node;
mod presence;
mod presence_loss;
mod presence_model;
mod support;

use std::sync::Arc;
use std::time::Duration;

use zvon_backplane::limiter::MemoryLimiter;
use zvon_backplane::presence::MemoryPresence;
use zvon_core::clock::ManualClock;
use zvon_core::contract;
use zvon_protocol::time::Timestamp;

type Pass = std::pin::Pin<Box<dyn Future<Output = ()> + Send>>;

#[tokio::test]
async fn presence_in_memory() {
    contract::presence::run(|| {
        let clock = Arc::new(ManualClock::at(Timestamp(1_000_000)));
        let presence = MemoryPresence::new(Arc::clone(&clock) as _, Duration::from_secs(10));
        let pass = move |time: Duration| -> Pass {
            clock.advance(i64::try_from(time.as_millis()).unwrap());
            Box::pin(std::future::ready(()))
        };
        (Arc::new(presence) as _, Box::new(pass) as _)
    })
    .await;
}

#[tokio::test]
async fn limiter_in_memory() {
    contract::limiter::run(|| Arc::new(MemoryLimiter::default()) as _).await;
}
