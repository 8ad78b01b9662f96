//! `zvon users`: accounts and their sessions, beside the running server.
//!
//! When a command returns, what it ended can not write any more; the servers close the sockets
//! within a second.

use std::io::{self, BufRead, Write, stdout};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, anyhow};
use clap::{Args, Subcommand};
use serde_json::Value;
use zvon_core::account::Account;
use zvon_core::account::operator::Operator;
use zvon_core::clock::SystemClock;
use zvon_core::session::Session;
use zvon_protocol::time::Timestamp;
use zvon_store::Access;

use super::{Failure, Outcome, Place, shape, table};
use crate::backing;

#[derive(Args)]
pub(crate) struct Users {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Lists accounts by name.
    List {
        /// Only those whose name or address starts with this.
        #[arg(long, value_name = "PREFIX")]
        search: Option<String>,
        /// At most so many.
        #[arg(long, value_name = "N", default_value_t = 1000)]
        limit: u32,
        /// For programs.
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        place: Place,
    },
    /// Closes an account: it cannot sign in, and its sessions end.
    Disable(Whose),
    /// Opens a closed account again.
    Enable(Whose),
    /// Gives an account another password, prints it once, and ends all of its sessions.
    ResetPassword {
        #[command(flatten)]
        whose: Whose,
        /// Take the password from the first line of standard input, instead of making one.
        #[arg(long)]
        stdin: bool,
    },
    /// Lists an account's live sessions, last used first.
    Sessions {
        #[command(flatten)]
        whose: Whose,
        /// For programs.
        #[arg(long)]
        json: bool,
    },
    /// Ends all sessions of an account.
    RevokeSessions(Whose),
    /// Makes a user an operator, who may read the audit log and have webhooks of all events.
    MakeOperator(Whose),
    /// Makes an operator a user like all others.
    UnmakeOperator(Whose),
    /// Lists the operators.
    Operators {
        /// For programs.
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        place: Place,
    },
}

#[derive(Args)]
struct Whose {
    /// The account's address or id.
    #[arg(value_name = "EMAIL|ID")]
    account: String,
    #[command(flatten)]
    place: Place,
}

impl Users {
    pub(super) async fn run(self) -> Outcome {
        match self.action {
            Action::List { search, limit, json, place } => {
                let (operator, _) = open(&place, Access::Read).await?;
                let accounts = operator.list(search.as_deref(), limit).await?;
                list(&accounts, json)?;
            }
            Action::Disable(whose) => {
                let (operator, account) = find(&whose, Access::Write).await?;
                let ended = operator.disable(account.id).await?;
                say(&account, &format!("is closed; {}", sessions_ended(ended)))?;
            }
            Action::Enable(whose) => {
                let (operator, account) = find(&whose, Access::Write).await?;
                operator.enable(account.id).await?;
                say(&account, "may sign in")?;
            }
            Action::ResetPassword { whose, stdin } => reset(&whose, stdin).await?,
            Action::Sessions { whose, json } => {
                let (operator, account) = find(&whose, Access::Read).await?;
                sessions(&operator.sessions(account.id).await?, json)?;
            }
            Action::RevokeSessions(whose) => {
                let (operator, account) = find(&whose, Access::Write).await?;
                let ended = operator.revoke_sessions(account.id).await?;
                say(&account, &sessions_ended(ended))?;
            }
            Action::MakeOperator(whose) => set_operator(&whose, true).await?,
            Action::UnmakeOperator(whose) => set_operator(&whose, false).await?,
            Action::Operators { json, place } => {
                let (operator, _) = open(&place, Access::Read).await?;
                list(&operator.operators().await?, json)?;
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

async fn set_operator(whose: &Whose, yes: bool) -> Result<(), Failure> {
    let (operator, account) = find(whose, Access::Write).await?;
    let changed = operator.set_operator(account.id, yes).await?;
    let what = match (yes, changed) {
        (true, true) => "is an operator",
        (true, false) => "was an operator already",
        (false, true) => "is no operator any more",
        (false, false) => "was no operator",
    };
    Ok(say(&account, what)?)
}

/// An operator of the place's store, and how long a password has to be there.
async fn open(place: &Place, access: Access) -> Result<(Operator, usize), Failure> {
    let config = place.load()?;
    let store = backing::ground(&config).open(access).await?;
    Ok((Operator::new(store, Arc::new(SystemClock)), config.auth.password_min))
}

async fn find(whose: &Whose, access: Access) -> Result<(Operator, Account), Failure> {
    let (operator, _) = open(&whose.place, access).await?;
    let account = operator.find(&whose.account).await?;
    Ok((operator, account))
}

async fn reset(whose: &Whose, from_stdin: bool) -> Result<(), Failure> {
    let (operator, least) = open(&whose.place, Access::Write).await?;
    let account = operator.find(&whose.account).await?;
    let password = if from_stdin { first_line()? } else { random_password(least)? };
    let ended = operator.reset_password(account.id, password.clone(), least).await?;
    say(&account, &format!("has another password; {}", sessions_ended(ended)))?;
    if !from_stdin {
        writeln!(stdout(), "{password}")?;
    }
    Ok(())
}

fn first_line() -> anyhow::Result<String> {
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line).context("standard input")?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}

/// Groups of five letters and digits that are not mistaken for each other: four groups are 100
/// random bits.
fn random_password(least: usize) -> anyhow::Result<String> {
    const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
    let groups = least.div_ceil(5).max(4);
    let mut bytes = vec![0_u8; groups * 5];
    getrandom::fill(&mut bytes).map_err(|error| anyhow!("no randomness: {error}"))?;
    let letter = |byte: &u8| char::from(LETTERS[usize::from(byte % 32)]);
    let groups = bytes.chunks(5).map(|group| group.iter().map(letter).collect::<String>());
    Ok(groups.collect::<Vec<_>>().join("-"))
}

fn say(account: &Account, what: &str) -> io::Result<()> {
    writeln!(stdout(), "{} ({}): {what}", table::plain(&account.email), account.id)
}

fn sessions_ended(count: usize) -> String {
    match count {
        0 => "no session was live".to_owned(),
        1 => "1 session ended".to_owned(),
        count => format!("{count} sessions ended"),
    }
}

fn list(accounts: &[Account], json: bool) -> io::Result<()> {
    let mut out = stdout().lock();
    if json {
        let all: Vec<Value> = accounts.iter().map(shape::account).collect();
        return writeln!(out, "{}", Value::Array(all));
    }
    let rows: Vec<_> = accounts
        .iter()
        .map(|account| {
            let state = account.disabled_at.map_or("", |_| "closed");
            [
                account.id.to_string(),
                account.email.clone(),
                account.name.clone(),
                account.created_at.to_string(),
                account.last_seen.map(|at| at.to_string()).unwrap_or_default(),
                state.to_owned(),
            ]
        })
        .collect();
    table::write(&mut out, ["ID", "ADDRESS", "NAME", "CREATED", "LAST SEEN", "STATE"], &rows)
}

fn sessions(sessions: &[Session], json: bool) -> io::Result<()> {
    let mut out = stdout().lock();
    if json {
        let all: Vec<Value> = sessions.iter().map(shape::session).collect();
        return writeln!(out, "{}", Value::Array(all));
    }
    let time = |at: Timestamp| at.to_string();
    let rows: Vec<_> = sessions
        .iter()
        .map(|session| {
            let id = session.id.to_string();
            let (seen, created) = (time(session.seen_at), time(session.created_at));
            [id, seen, created, session.address.clone(), session.device.clone()]
        })
        .collect();
    table::write(&mut out, ["ID", "LAST USED", "BEGUN", "ADDRESS", "DEVICE"], &rows)
}

#[cfg(test)]
mod tests {
    use super::random_password;

    #[test]
    fn a_made_password_is_long_enough_and_never_the_same() {
        for least in [8, 20, 24, 100] {
            let (one, other) = (random_password(least).unwrap(), random_password(least).unwrap());
            assert!(one.len() >= least && one.len() >= 23, "{one}");
            assert_ne!(one, other);
            assert!(one.chars().all(|c| c == '-' || c.is_ascii_alphanumeric()));
        }
    }
}
