//! What operators see of deliveries.

use std::time::Duration;

use metrics::{Counter, Histogram, counter, describe_counter, describe_histogram, histogram};

/// The meters of a courier.
pub(super) struct Meters {
    delivered: Counter,
    again: Counter,
    failed: Counter,
    disabled: Counter,
    seconds: Histogram,
}

impl Default for Meters {
    fn default() -> Self {
        describe_counter!("zvon_webhook_tries_total", "Tries of deliveries by how they went.");
        describe_counter!("zvon_webhooks_disabled_total", "Webhooks that were given up.");
        describe_histogram!("zvon_webhook_seconds", "Time of tries of deliveries.");
        let tries = |outcome| counter!("zvon_webhook_tries_total", "outcome" => outcome);
        Self {
            delivered: tries("delivered"),
            again: tries("again"),
            failed: tries("failed"),
            disabled: counter!("zvon_webhooks_disabled_total"),
            seconds: histogram!("zvon_webhook_seconds"),
        }
    }
}

impl Meters {
    pub(super) fn tried(&self, progress: super::Progress, took: Duration) {
        self.seconds.record(took);
        match progress {
            super::Progress::Delivered => self.delivered.increment(1),
            super::Progress::Waiting(_) => self.again.increment(1),
            super::Progress::Failed => self.failed.increment(1),
        }
    }

    pub(super) fn disabled(&self, webhooks: usize) {
        self.disabled.increment(webhooks as u64);
    }
}
