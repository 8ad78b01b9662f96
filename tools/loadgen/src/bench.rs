//! Everything, several times, as one table of medians.

use std::path::Path;

use anyhow::Result;

use crate::{fill, idle, sends};

/// How thoroughly.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Options {
    /// How often each figure of sends is taken; the table shows the medians.
    #[arg(long, default_value_t = 3)]
    pub(crate) rounds: usize,
    /// How long each is measured.
    #[arg(long, default_value_t = 8.0)]
    pub(crate) seconds: f64,
    /// Idle connections.
    #[arg(long, default_value_t = 10_000)]
    pub(crate) connections: usize,
    /// Messages of the long history.
    #[arg(long, default_value_t = 1_000_000)]
    pub(crate) messages: u64,
}

/// A line of the table: what, how much, and what it should be.
struct Line {
    what: String,
    found: f64,
    unit: &'static str,
    goal: Option<Goal>,
}

enum Goal {
    AtLeast(f64),
    AtMost(f64),
}

/// Runs it and prints the table as it grows.
pub(crate) async fn run(zvon: &Path, options: &Options) -> Result<()> {
    println!("{:<58}{:>10}         goal", "", "median");
    for (chats, name) in [(50, "50 writers, 50 chats"), (1, "50 writers, one chat of 50")] {
        saturated(zvon, options, chats, name).await?;
        paced(zvon, options, chats, name).await?;
    }
    for accounts in [100, options.connections] {
        let connections = options.connections;
        let silent = idle::Options { connections, accounts, quiet: 25.0 };
        let each = idle::run(zvon, &silent).await?.each();
        let what = format!("{connections} idle connections of {accounts} people: each");
        show(&Line { what, found: each, unit: "bytes", goal: Some(Goal::AtMost(10_240.0)) });
    }
    history(zvon, options).await
}

async fn saturated(zvon: &Path, options: &Options, chats: usize, name: &str) -> Result<()> {
    let load = sends::Options { chats, seconds: options.seconds, ..sends::Options::default() };
    let mut runs = Vec::new();
    for _ in 0..options.rounds {
        runs.push(sends::run(zvon, &load).await?);
    }
    let line = |what: &str, found, unit, goal| {
        show(&Line { what: format!("{name}: {what}"), found, unit, goal });
    };
    let of = |figure: fn(&sends::Report) -> f64| median(runs.iter().map(figure).collect());
    line("durable sends", of(sends::Report::rate), "/s", Some(Goal::AtLeast(3000.0)));
    line("commits", of(|run| run.commits as f64 / run.seconds), "/s", None);
    line("deliveries", of(|run| run.heard as f64 / run.seconds), "/s", None);
    line("server CPU per message", of(sends::Report::cpu_per_message), "us", None);
    Ok(())
}

async fn paced(zvon: &Path, options: &Options, chats: usize, name: &str) -> Result<()> {
    let (seconds, rate) = (options.seconds, Some(3000.0));
    let load = sends::Options { chats, seconds, rate, ..sends::Options::default() };
    let (mut half, mut most) = (Vec::new(), Vec::new());
    for _ in 0..options.rounds {
        let run = sends::run(zvon, &load).await?;
        half.push(run.acked_within(0.5));
        most.push(run.acked_within(0.99));
    }
    let line = |what, found, goal| {
        show(&Line { what: format!("{name}, 3000 sends/s: {what}"), found, unit: "ms", goal });
    };
    line("ack p50", median(half), None);
    line("ack p99", median(most), Some(Goal::AtMost(30.0)));
    Ok(())
}

async fn history(zvon: &Path, options: &Options) -> Result<()> {
    let (messages, seconds) = (options.messages, options.seconds);
    let found = fill::run(zvon, &fill::Options { messages, seconds }).await?;
    for figures in [&found.fresh, &found.filled] {
        let name = format!("{} messages in the log", figures.messages);
        let line = |what: &str, found, unit, goal| {
            show(&Line { what: format!("{name}: {what}"), found, unit, goal });
        };
        let start = figures.started_in.as_secs_f64() * 1000.0;
        line("start", start, "ms", Some(Goal::AtMost(1000.0)));
        line("ack p50 at 1000 sends/s", figures.sends.acked_within(0.5), "ms", None);
        line("ack p99 at 1000 sends/s", figures.sends.acked_within(0.99), "ms", None);
        line("server CPU per message", figures.sends.cpu_per_message(), "us", None);
    }
    Ok(())
}

/// The one in the middle.
pub(crate) fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().unwrap_or(f64::NAN)
}

fn show(line: &Line) {
    let Line { what, found, unit, goal } = line;
    let digits = usize::from(*found < 100.0);
    let goal = match goal {
        None => String::new(),
        Some(Goal::AtLeast(least)) => verdict(found >= least, &format!(">= {least}")),
        Some(Goal::AtMost(most)) => verdict(found <= most, &format!("<= {most}")),
    };
    println!("{what:<58}{found:>10.digits$} {unit:<6}  {goal}");
}

fn verdict(met: bool, goal: &str) -> String {
    format!("{goal:<10}{}", if met { "met" } else { "MISSED" })
}

#[cfg(test)]
mod tests {
    use super::median;

    #[test]
    fn the_median_is_the_one_in_the_middle() {
        assert!((median(vec![9.0, 1.0, 5.0]) - 5.0).abs() < f64::EPSILON);
        assert!(median(Vec::new()).is_nan());
    }
}
