//! A long history: how fast the server starts on it, and what a send costs then.

use std::fmt;
use std::path::Path;
use std::time::Duration;

use anyhow::Result;

use crate::seed::Seed;
use crate::sends::{self, Report};
use crate::server::{Server, place};

/// How many people there are; as many chats share the history.
const PEOPLE: usize = 50;
/// Sends per second while it is measured: far from what the server bears.
const RATE: f64 = 1000.0;

/// How long a history.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Options {
    /// Messages in the log before the start.
    #[arg(long, default_value_t = 1_000_000)]
    pub(crate) messages: u64,
    /// How long sends are measured.
    #[arg(long, default_value_t = 5.0)]
    pub(crate) seconds: f64,
}

/// One server's start and sends.
pub(crate) struct Figures {
    pub(crate) messages: u64,
    pub(crate) started_in: Duration,
    pub(crate) sends: Report,
}

/// The same without and with a history.
pub(crate) struct Comparison {
    pub(crate) fresh: Figures,
    pub(crate) filled: Figures,
}

/// Measures both.
pub(crate) async fn run(zvon: &Path, options: &Options) -> Result<Comparison> {
    let fresh = figures(zvon, 0, options.seconds).await?;
    let filled = figures(zvon, options.messages, options.seconds).await?;
    Ok(Comparison { fresh, filled })
}

async fn figures(zvon: &Path, messages: u64, seconds: f64) -> Result<Figures> {
    let data = place()?;
    let mut seed = Seed::open(data.path()).await?;
    seed.people(PEOPLE).await?;
    let halls = seed.halls().await?;
    seed.past(&halls, messages).await?;
    let people = seed.close().await;
    let server = Server::start(zvon, data.path()).await?;
    let started_in = server.started_in();
    let rate = Some(RATE);
    let options = sends::Options { seconds, warm_up: 1.0, rate, ..sends::Options::default() };
    let sends = sends::measure(server, data.path(), (&people, &halls), &options).await?;
    Ok(Figures { messages, started_in, sends })
}

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "messages in the log  start     ack p50   ack p99   server CPU per message")?;
        for figures in [&self.fresh, &self.filled] {
            writeln!(
                f,
                "{:>19}  {:>4} ms  {:>5.1} ms  {:>5.1} ms  {:>5.0} us",
                figures.messages,
                figures.started_in.as_millis(),
                figures.sends.acked_within(0.5),
                figures.sends.acked_within(0.99),
                figures.sends.cpu_per_message(),
            )?;
        }
        Ok(())
    }
}
