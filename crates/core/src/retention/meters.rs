//! What operators see of retention while it runs.

use std::time::Duration;

use metrics::{
    Counter, Gauge, Histogram, counter, describe_counter, describe_gauge, describe_histogram,
    gauge, histogram,
};

/// The meters of the sweeper.
pub(super) struct Meters {
    removed: Counter,
    seconds: Histogram,
    late: Gauge,
}

impl Meters {
    pub(super) fn new() -> Self {
        describe_counter!("zvon_retention_messages_total", "Messages that expired.");
        describe_histogram!(
            "zvon_retention_batch_seconds",
            "Time of transactions by which messages expired."
        );
        describe_gauge!(
            "zvon_retention_late_seconds",
            "How long the chat waits that was to be looked at first."
        );
        Self {
            removed: counter!("zvon_retention_messages_total"),
            seconds: histogram!("zvon_retention_batch_seconds"),
            late: gauge!("zvon_retention_late_seconds"),
        }
    }

    pub(super) fn removed(&self, messages: u64, took: Duration) {
        self.removed.increment(messages);
        self.seconds.record(took);
    }

    /// In ms.
    pub(super) fn late(&self, millis: i64) {
        self.late.set(millis.max(0) as f64 / 1e3);
    }
}
