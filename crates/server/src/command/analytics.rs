//! `zvon analytics`: what was counted per day.

use std::io::{self, Write, stdout};
use std::process::ExitCode;

use clap::Args;
use zvon_core::analytics::csv;
use zvon_core::analytics::read::{Range, counts};
use zvon_core::clock::{Clock, SystemClock};
use zvon_protocol::analytics::{Analytics, DayCounts};
use zvon_protocol::day::Day;
use zvon_store::Access;

use super::{Failure, Outcome, Place, table};
use crate::backing;

#[derive(Args)]
pub(crate) struct Counts {
    /// The first day of UTC, like 2026-01-31; unless said 29 days before the last one.
    #[arg(long, value_name = "DAY")]
    from: Option<Day>,
    /// The last day; unless said today. At most 366 days in all.
    #[arg(long, value_name = "DAY")]
    to: Option<Day>,
    /// As CSV.
    #[arg(long, conflicts_with = "json")]
    csv: bool,
    /// For programs, as `GET /api/analytics` gives it.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    place: Place,
}

impl Counts {
    pub(super) async fn run(self) -> Outcome {
        let range = Range::of(self.from, self.to, Day::of(SystemClock.now()));
        let range = range.map_err(|error| Failure::Usage(error.text()))?;
        let store = backing::ground(&self.place.load()?).open(Access::Read).await?;
        let counted = counts(&*store, range).await?;
        let mut out = stdout().lock();
        if self.json {
            writeln!(out, "{}", serde_json::to_string(&counted).unwrap_or_default())?;
        } else if self.csv {
            write!(out, "{}", csv::of(&counted.days))?;
        } else {
            list(&mut out, &counted)?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn list(out: &mut impl Write, counted: &Analytics) -> io::Result<()> {
    let row = |counts: &DayCounts| {
        let DayCounts { day, messages, active_users, active_chats, new_users, new_chats } = counts;
        let numbers = [messages, active_users, active_chats, new_users, new_chats];
        let [messages, users, chats, new_users, new_chats] = numbers.map(u64::to_string);
        [day.to_string(), messages, users, chats, new_users, new_chats]
    };
    let rows: Vec<_> = counted.days.iter().map(row).collect();
    let head = ["DAY", "MESSAGES", "ACTIVE USERS", "ACTIVE CHATS", "NEW USERS", "NEW CHATS"];
    table::write(out, head, &rows)?;
    match counted.counted_to {
        Some(at) => writeln!(out, "Counted up to {at}."),
        None => writeln!(out, "Nothing was counted yet: `zvon worker` or jobs.in_process does it."),
    }
}
