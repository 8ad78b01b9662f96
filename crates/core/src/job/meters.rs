//! What operators see of a job while it runs.

use std::time::Duration;

use metrics::{
    Counter, Gauge, Histogram, counter, describe_counter, describe_gauge, describe_histogram,
    gauge, histogram,
};

/// The meters of one job.
pub(super) struct Meters {
    done: Counter,
    dead: Counter,
    retries: Counter,
    seconds: Histogram,
    behind: Gauge,
    running: Gauge,
}

impl Meters {
    pub(super) fn of(job: &'static str) -> Self {
        describe();
        Self {
            done: counter!("zvon_job_records_total", "job" => job, "outcome" => "done"),
            dead: counter!("zvon_job_records_total", "job" => job, "outcome" => "dead"),
            retries: counter!("zvon_job_retries_total", "job" => job),
            seconds: histogram!("zvon_job_batch_seconds", "job" => job),
            behind: gauge!("zvon_job_behind_seconds", "job" => job),
            running: gauge!("zvon_job_running", "job" => job),
        }
    }

    pub(super) fn done(&self, records: usize, took: Duration) {
        self.done.increment(records as u64);
        self.seconds.record(took);
    }

    pub(super) fn dead(&self) {
        self.dead.increment(1);
    }

    pub(super) fn retries(&self) {
        self.retries.increment(1);
    }

    /// How old the newest record of a batch was when it was done or could not be; nothing, when
    /// nothing waits.
    pub(super) fn behind(&self, age: Duration) {
        self.behind.set(age.as_secs_f64());
    }

    /// Whether it reads records here at the moment.
    pub(super) fn running(&self, yes: bool) {
        self.running.set(f64::from(u8::from(yes)));
    }
}

fn describe() {
    describe_counter!("zvon_job_records_total", "Records that jobs did, or put away as dead.");
    describe_counter!("zvon_job_retries_total", "Tries of jobs that failed.");
    describe_histogram!("zvon_job_batch_seconds", "Time of a job's batches.");
    describe_gauge!(
        "zvon_job_behind_seconds",
        "Age of a job's newest record when it was tried; 0: none waits."
    );
    describe_gauge!("zvon_job_running", "Whether a job reads records in this process.");
}
