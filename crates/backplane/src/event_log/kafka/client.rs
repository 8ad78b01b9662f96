//! What librdkafka says of itself, and waiting for its calls.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rdkafka::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::error::KafkaError;
use zvon_core::event_log::EventLogError;

/// Logs as the rest of the program does. Brokers that are away are a state, which the callers'
/// meters tell, so the library's own words on it are for who looks closely.
pub(super) fn log(level: RDKafkaLogLevel, facility: &str, text: &str) {
    match level {
        RDKafkaLogLevel::Emerg | RDKafkaLogLevel::Alert | RDKafkaLogLevel::Critical => {
            tracing::warn!(facility, "Kafka: {text}");
        }
        _ => tracing::debug!(facility, "Kafka: {text}"),
    }
}

/// A client that only logs.
pub(super) struct Quiet;

impl ClientContext for Quiet {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, text: &str) {
        log(level, facility, text);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        tracing::debug!(%error, reason, "Kafka");
    }
}

/// Does on a thread of its own what blocks. The end of the process does not wait for it, as it would
/// for the runtime's own.
pub(super) async fn apart<T: Send + 'static>(
    act: impl FnOnce() -> T + Send + 'static,
) -> Result<T, EventLogError> {
    let lost = |why: String| EventLogError::Unavailable(why);
    let (done, result) = tokio::sync::oneshot::channel();
    let thread = std::thread::Builder::new().name("kafka".to_owned());
    let started = thread.spawn(move || drop(done.send(act())));
    started.map_err(|error| lost(error.to_string()))?;
    result.await.map_err(|error| lost(error.to_string()))
}

/// How long a call may still take: until its time is over, or nobody waits for it any more.
#[derive(Clone)]
pub(super) struct Patience {
    time: Duration,
    until: Instant,
    left: Arc<AtomicBool>,
}

impl Patience {
    /// That long at most; it ends at once when what is returned beside it is dropped.
    pub(super) fn of(time: Duration) -> (Self, Waiting) {
        let left = Arc::new(AtomicBool::new(false));
        let patience = Self { time, until: Instant::now() + time, left: Arc::clone(&left) };
        (patience, Waiting(left))
    }

    /// The same, from now on.
    pub(super) fn afresh(&self) -> Self {
        Self { until: Instant::now() + self.time, ..self.clone() }
    }

    /// How long the next blocking call may take; `None` when it is over.
    pub(super) fn slice(&self, most: Duration) -> Option<Duration> {
        let rest = self.until.saturating_duration_since(Instant::now());
        (!self.left.load(Ordering::Relaxed) && !rest.is_zero()).then_some(rest.min(most))
    }
}

/// Whoever waits.
pub(super) struct Waiting(Arc<AtomicBool>);

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}
