//! `zvon audit`: reading the audit log and proving that nobody changed it.

use std::io::{self, Write, stdout};
use std::process::ExitCode;
use std::str::FromStr;
use std::sync::Arc;

use anyhow::anyhow;
use clap::{Args, Subcommand};
use zvon_core::account::operator::Operator;
use zvon_core::audit::store::Filter;
use zvon_core::audit::verify::{Fault, Verifier};
use zvon_core::audit::{Head, Row};
use zvon_core::clock::SystemClock;
use zvon_core::store::StoreError;
use zvon_protocol::audit::AuditRow;
use zvon_protocol::ids::UserId;
use zvon_protocol::record::Outcome;
use zvon_protocol::time::Timestamp;
use zvon_store::Access;
use zvon_store::export::Export;

use super::{Failure, Outcome as Done, Place, table};
use crate::backing;

/// Rows that are in memory at a time.
const PAGE: u32 = 1000;

#[derive(Args)]
pub(crate) struct Audit {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Lists what happened, the newest first.
    List {
        /// Only what concerns this account, or was done by it.
        #[arg(long, value_name = "EMAIL|ID")]
        user: Option<String>,
        /// Only this action, like `session.refused`.
        #[arg(long)]
        action: Option<String>,
        /// Only from this time on, like 2026-01-31 or 2026-01-31T12:00:00Z.
        #[arg(long, value_name = "TIME", value_parser = time)]
        since: Option<Timestamp>,
        /// Only before this time.
        #[arg(long, value_name = "TIME", value_parser = time)]
        until: Option<Timestamp>,
        /// At most so many.
        #[arg(long, value_name = "N", default_value_t = 100)]
        limit: u32,
        /// For programs.
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        place: Place,
    },
    /// Follows the chain of hashes from the first row to the last, and names the first that is wrong.
    Verify {
        /// A head that was noted once, as `zvon audit head` writes it: it must be in the chain.
        #[arg(long, value_name = "SEQ:HASH")]
        head: Option<Noted>,
        #[command(flatten)]
        place: Place,
    },
    /// Writes the head, to be kept where whoever can change the database can not change it.
    Head(Place),
}

/// A head as a person wrote it down.
#[derive(Clone, Copy)]
struct Noted(Head);

impl FromStr for Noted {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (seq, hash) = text.split_once(':').ok_or("a head is written like 12:9f86…")?;
        let seq = seq.parse().map_err(|_| "a head begins with the number of its row")?;
        Ok(Self(Head { seq, hash: hash.parse()? }))
    }
}

/// A time, or a day, of UTC.
fn time(text: &str) -> Result<Timestamp, String> {
    let full = if text.len() == 10 { format!("{text}T00:00:00Z") } else { text.to_owned() };
    serde_json::from_value(full.into())
        .map_err(|_| "a time is written like 2026-01-31 or 2026-01-31T12:00:00Z".to_owned())
}

impl Audit {
    pub(super) async fn run(self) -> Done {
        match self.action {
            Action::List { user, action, since, until, limit, json, place } => {
                let store = backing::ground(&place.load()?).open(Access::Read).await?;
                let user = match user {
                    None => None,
                    Some(who) => {
                        let operator = Operator::new(store.clone(), Arc::new(SystemClock));
                        Some(operator.find(&who).await?.id)
                    }
                };
                let filter = Filter { user, action, since, until, before: None };
                list(store.audit_page(&filter, limit).await?, json)?;
            }
            Action::Verify { head, place } => {
                let store = backing::ground(&place.load()?).open(Access::Read).await?;
                return verify(&*store, head.map(|noted| noted.0)).await;
            }
            Action::Head(place) => {
                let store = backing::ground(&place.load()?).open(Access::Read).await?;
                let head = store.audit_head().await?;
                writeln!(stdout(), "{}:{}", head.seq, head.hash)?;
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

async fn verify(store: &dyn Export, noted: Option<Head>) -> Done {
    let mut verifier = Verifier::new(noted);
    let head = loop {
        let page = page(store, verifier.at().seq).await?;
        page.iter().try_for_each(|row| verifier.check(row)).map_err(broken)?;
        if page.is_empty() {
            let head = store.audit_head().await?;
            // What was appended between the two looks is followed, too.
            if head.seq <= verifier.at().seq
                || store.audit_rows(verifier.at().seq, 1).await?.is_empty()
            {
                break head;
            }
        }
    };
    verifier.end(head).map_err(broken)?;
    writeln!(stdout(), "{} rows, unbroken; the head is {}:{}", head.seq, head.seq, head.hash)?;
    Ok(ExitCode::SUCCESS)
}

/// The next rows; one that cannot even be read is named.
async fn page(store: &dyn Export, after: u64) -> Result<Vec<Row>, Failure> {
    match store.audit_rows(after, PAGE).await {
        Err(StoreError::Broken(_)) => match store.audit_rows(after, 1).await {
            Err(StoreError::Broken(_)) => {
                Err(broken(Fault { seq: after + 1, why: "it cannot be read" }))
            }
            one => Ok(one?),
        },
        page => Ok(page?),
    }
}

fn broken(fault: Fault) -> Failure {
    Failure::Other(anyhow!("the audit log is broken at row {}: {}", fault.seq, fault.why))
}

fn list(rows: Vec<Row>, json: bool) -> io::Result<()> {
    let mut out = stdout().lock();
    let rows = rows.into_iter().map(AuditRow::from);
    if json {
        let rows: Vec<_> = rows.collect();
        return writeln!(out, "{}", serde_json::to_string(&rows).unwrap_or_default());
    }
    let id = |id: Option<UserId>| id.map(|id| id.to_string()).unwrap_or_default();
    let rows: Vec<_> = rows
        .map(|row| {
            let failed = if row.result == Outcome::Failure { " (refused)" } else { "" };
            let details = row.details.map(|details| details.to_string()).unwrap_or_default();
            [
                row.seq.to_string(),
                row.at.to_string(),
                format!("{}{failed}", row.action),
                id(row.user_id),
                id(row.actor_id),
                row.ip.unwrap_or_default(),
                details,
            ]
        })
        .collect();
    table::write(&mut out, ["SEQ", "AT", "ACTION", "USER", "BY", "ADDRESS", "DETAILS"], &rows)
}

#[cfg(test)]
mod tests {
    use super::{Noted, Timestamp, time};

    #[test]
    fn times_and_heads_are_read_as_people_write_them() {
        assert_eq!(time("1970-01-02"), Ok(Timestamp(86_400_000)));
        assert_eq!(time("1970-01-01T00:00:01.5Z"), Ok(Timestamp(1500)));
        assert!(time("yesterday").is_err());
        assert!("7:".parse::<Noted>().is_err() && "x:00".parse::<Noted>().is_err());
        let head = format!("7:{}", "0f".repeat(32)).parse::<Noted>().ok().unwrap().0;
        assert_eq!((head.seq, head.hash.0), (7, [15; 32]));
    }
}
