//! What operators see of the relay.

use std::time::Duration;

use metrics::{
    Counter, Gauge, Histogram, counter, describe_counter, describe_gauge, describe_histogram,
    gauge, histogram,
};
use zvon_protocol::time::Timestamp;

use crate::event_log::EventLogError;
use crate::outbox::store::Backlog;

/// The meters of the relay.
pub(super) struct Meters {
    rows: Gauge,
    seconds: Gauge,
    appended: Counter,
    dead: Counter,
    away: Counter,
    fenced: Counter,
    took: Histogram,
    behind: Histogram,
}

impl Default for Meters {
    fn default() -> Self {
        describe();
        Self {
            rows: gauge!("zvon_outbox_backlog_rows"),
            seconds: gauge!("zvon_outbox_backlog_seconds"),
            appended: counter!("zvon_outbox_records_total", "outcome" => "appended"),
            dead: counter!("zvon_outbox_records_total", "outcome" => "dead"),
            away: counter!("zvon_outbox_errors_total", "error" => "unavailable"),
            fenced: counter!("zvon_outbox_errors_total", "error" => "fenced"),
            took: histogram!("zvon_outbox_append_seconds"),
            behind: histogram!("zvon_outbox_behind_seconds"),
        }
    }
}

impl Meters {
    /// So much waits.
    pub(super) fn backlog(&self, backlog: Backlog, now: Timestamp) {
        self.rows.set(backlog.rows as f64);
        let waits = |oldest: Timestamp| now.0.saturating_sub(oldest.0).max(0) as f64 / 1e3;
        self.seconds.set(backlog.oldest.map_or(0.0, waits));
    }

    /// So many records are in the log, the first of which happened at `oldest`.
    pub(super) fn appended(
        &self,
        records: usize,
        took: Duration,
        oldest: Timestamp,
        now: Timestamp,
    ) {
        self.appended.increment(records as u64);
        self.took.record(took);
        let behind = now.0.saturating_sub(oldest.0).max(0) as f64 / 1e3;
        self.behind.record(behind + took.as_secs_f64());
    }

    /// One more is dead.
    pub(super) fn dead(&self) {
        self.dead.increment(1);
    }

    /// It could not go on.
    pub(super) fn failed(&self, error: &EventLogError) {
        match error {
            EventLogError::Unavailable(_) => self.away.increment(1),
            EventLogError::Fenced(_) => self.fenced.increment(1),
        }
    }
}

fn describe() {
    describe_gauge!("zvon_outbox_backlog_rows", "Rows of the outbox that wait for the relay.");
    describe_gauge!("zvon_outbox_backlog_seconds", "Age of the oldest of them.");
    describe_counter!("zvon_outbox_records_total", "Records by what became of them.");
    describe_counter!("zvon_outbox_errors_total", "Interruptions of the relay.");
    describe_histogram!("zvon_outbox_append_seconds", "Time of an append to the event log.");
    describe_histogram!("zvon_outbox_behind_seconds", "From an event to its place in the log.");
}
