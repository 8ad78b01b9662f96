//! What a run of sends came to.

use std::fmt;

use hdrhistogram::Histogram;

/// The figures of one run.
pub(crate) struct Report {
    pub(crate) seconds: f64,
    /// Sends answered while it was measured.
    pub(crate) acked: u64,
    /// Deliveries heard meanwhile.
    pub(crate) heard: u64,
    /// Microseconds from send to ack.
    pub(crate) latency: Histogram<u64>,
    /// Transactions that added to logs meanwhile.
    pub(crate) commits: u64,
    /// CPU seconds of the server meanwhile.
    pub(crate) cpu: f64,
    /// Messages of the whole run, each of them checked.
    pub(crate) checked: u64,
}

impl Report {
    /// Acked sends per second.
    pub(crate) fn rate(&self) -> f64 {
        self.acked as f64 / self.seconds
    }

    /// Milliseconds within which this part of the sends was acked.
    pub(crate) fn acked_within(&self, part: f64) -> f64 {
        self.latency.value_at_quantile(part) as f64 / 1000.0
    }

    /// Microseconds of server CPU per message.
    pub(crate) fn cpu_per_message(&self) -> f64 {
        self.cpu * 1e6 / self.acked.max(1) as f64
    }

    /// Messages per commit.
    pub(crate) fn batch(&self) -> f64 {
        self.acked as f64 / self.commits.max(1) as f64
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "durable sends      {:>10.0} /s", self.rate())?;
        writeln!(
            f,
            "ack p50 / p99 / max {:>8.1} / {:.1} / {:.1} ms",
            self.acked_within(0.5),
            self.acked_within(0.99),
            self.latency.max() as f64 / 1000.0
        )?;
        let commits = self.commits as f64 / self.seconds;
        writeln!(f, "commits            {commits:>10.0} /s, {:.1} messages each", self.batch())?;
        writeln!(f, "deliveries         {:>10.0} /s", self.heard as f64 / self.seconds)?;
        writeln!(f, "server CPU         {:>10.0} us per message", self.cpu_per_message())?;
        writeln!(f, "server CPU         {:>10.0} %", 100.0 * self.cpu / self.seconds)?;
        write!(f, "checked            {:>10} messages", self.checked)
    }
}
