//! `zvon events`: how far the outbox was read, and the event log told again.

use std::io::{self, Write, stdout};
use std::process::ExitCode;

use anyhow::anyhow;
use clap::{Args, Subcommand};
use serde_json::{Value, json};
use zvon_core::clock::{Clock, SystemClock};
use zvon_core::outbox::position::Position;
use zvon_core::outbox::relay;
use zvon_core::outbox::store::Backlog;
use zvon_protocol::time::Timestamp;
use zvon_store::Access;

use super::{Failure, Outcome, Place, table};
use crate::{backing, kafka};

#[derive(Args)]
pub(crate) struct Events {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Tells how far each reader of the outbox is, and what waits for it.
    Status {
        /// For programs.
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        place: Place,
    },
    /// Tells the event log again what was committed in a time, as far as the outbox still has it.
    Replay {
        /// The first instant, like 2026-11-05T10:00:00Z.
        #[arg(long, value_name = "TIME", value_parser = instant)]
        from: Timestamp,
        /// The first instant after it; now, if it is not given.
        #[arg(long, value_name = "TIME", value_parser = instant)]
        to: Option<Timestamp>,
        #[command(flatten)]
        place: Place,
    },
    /// Forgets a reader that does not come back: nothing in the outbox waits for it any more.
    Forget {
        /// Its name, as `status` tells it.
        reader: String,
        #[command(flatten)]
        place: Place,
    },
}

impl Events {
    pub(super) async fn run(self) -> Outcome {
        match self.action {
            Action::Status { json, place } => status(&place, json).await?,
            Action::Replay { from, to, place } => {
                replay(&place, from, to.unwrap_or_else(|| SystemClock.now())).await?;
            }
            Action::Forget { reader, place } => {
                let store = backing::ground(&place.load()?).open(Access::Write).await?;
                if !store.forget_position(&reader).await? {
                    return Err(anyhow!("there is no reader {reader:?}").into());
                }
                writeln!(stdout(), "nothing waits for {} any more", table::plain(&reader))?;
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn instant(text: &str) -> Result<Timestamp, String> {
    let read = serde_json::from_value(Value::String(text.to_owned()));
    read.map_err(|_| "must be an instant like 2026-11-05T10:00:00Z".to_owned())
}

async fn status(place: &Place, json: bool) -> Result<(), Failure> {
    let store = backing::ground(&place.load()?).open(Access::Read).await?;
    let mut readers = Vec::new();
    for position in store.positions().await? {
        let backlog = store.backlog(&position.place).await?;
        readers.push((position, backlog));
    }
    if json {
        as_json(&readers)?;
    } else {
        as_table(&readers)?;
    }
    Ok(())
}

fn as_json(readers: &[(Position, Backlog)]) -> io::Result<()> {
    let readers = readers.iter().map(|(position, backlog)| {
        json!({ "reader": position.reader, "fence": position.fence, "reached": position.reached,
            "movedAt": position.moved_at, "rows": backlog.rows, "oldest": backlog.oldest })
    });
    writeln!(stdout(), "{}", Value::Array(readers.collect()))
}

fn as_table(readers: &[(Position, Backlog)]) -> io::Result<()> {
    let rows: Vec<_> = readers
        .iter()
        .map(|(position, backlog)| {
            let never = position.reached == Timestamp(0);
            let reached = if never { "-".to_owned() } else { position.reached.to_string() };
            let oldest = backlog.oldest.map_or_else(|| "-".to_owned(), |at| at.to_string());
            let (moved, rows) = (position.moved_at.to_string(), backlog.rows.to_string());
            [position.reader.clone(), reached, moved, rows, oldest]
        })
        .collect();
    table::write(&mut stdout().lock(), ["READER", "REACHED", "MOVED", "WAITING", "OLDEST"], &rows)
}

async fn replay(place: &Place, from: Timestamp, to: Timestamp) -> Result<(), Failure> {
    if to <= from {
        return Err(Failure::Usage("--to must be later than --from".to_owned()));
    }
    let config = place.load()?;
    let store = backing::ground(&config).open(Access::Read).await?;
    let epoch = store.log_epoch().await?;
    let log = kafka::event_log(&config, "replay", &epoch)
        .ok_or_else(|| Failure::Usage("no event log is configured (kafka.brokers)".to_owned()))?;
    log.begin().await?;
    let count = relay::replay(&*store, &*log, (from, to)).await?;
    writeln!(stdout(), "{count} records were told again")?;
    Ok(())
}
