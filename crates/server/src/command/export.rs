//! `zvon export`: all that is kept of a user or a chat, as JSON.
//!
//! It is read in pages over a connection that cannot write, each chat up to where its log stood
//! when it was begun, and written as it is read. docs/operations.md describes the document.

use std::fs::{File, OpenOptions};
use std::io::{BufWriter, Write, stdout};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, anyhow};
use clap::Args;
use serde_json::{Value, json};
use zvon_core::account::operator::Operator;
use zvon_core::audit::store::Filter;
use zvon_core::chat::Chat;
use zvon_core::clock::{Clock, SystemClock};
use zvon_protocol::audit::AuditRow;
use zvon_protocol::ids::{ChatId, UserId};
use zvon_store::Access;
use zvon_store::export::Export as Store;

use super::{Outcome, Place, shape};
use crate::backing;

type Kept = Arc<dyn Store>;

/// Rows that are in memory at a time.
const PAGE: u32 = 500;

#[derive(Args)]
#[group(id = "whose", required = true, multiple = false, args = ["user", "chat"])]
pub(crate) struct Export {
    /// A user's account, sessions, memberships, messages and pins.
    #[arg(long, value_name = "EMAIL|ID")]
    user: Option<String>,
    /// A chat's members and its whole log.
    #[arg(long, value_name = "ID")]
    chat: Option<ChatId>,
    /// Write to a new file, for its owner alone, instead of standard output.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    place: Place,
}

impl Export {
    pub(super) async fn run(self) -> Outcome {
        let config = self.place.load()?;
        let store = backing::ground(&config).open(Access::Read).await?;
        match &self.out {
            None => self.write(&store, &mut BufWriter::new(stdout().lock())).await?,
            Some(path) => {
                let mut out = BufWriter::new(create(path)?);
                if let Err(error) = self.write(&store, &mut out).await {
                    let _ = std::fs::remove_file(path);
                    return Err(error.into());
                }
                out.get_ref().sync_all()?;
            }
        }
        Ok(ExitCode::SUCCESS)
    }

    async fn write(&self, store: &Kept, out: &mut impl Write) -> anyhow::Result<()> {
        let head = json!({
            "format": 1,
            "version": env!("CARGO_PKG_VERSION"),
            "exportedAt": SystemClock.now(),
            "logEpoch": store.log_epoch().await?,
        });
        let head = head.to_string();
        out.write_all(&head.as_bytes()[..head.len() - 1])?;
        match (&self.user, self.chat) {
            (Some(user), _) => write_user(store, user, out).await?,
            (None, Some(chat)) => write_chat(store, chat, out).await?,
            (None, None) => unreachable!("the command line asks for one of them"),
        }
        out.write_all(b"}\n")?;
        Ok(out.flush()?)
    }
}

fn create(path: &Path) -> anyhow::Result<File> {
    let made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    made.with_context(|| format!("{}", path.display()))
}

async fn write_user(store: &Kept, who: &str, out: &mut impl Write) -> anyhow::Result<()> {
    let operator = Operator::new(Arc::clone(store) as _, Arc::new(SystemClock));
    let account = operator.find(who).await?;
    let sessions = store.all_sessions_of(account.id).await?;
    let sessions: Vec<Value> = sessions.iter().map(shape::session).collect();
    write!(out, ",\"user\":{},\"sessions\":{}", shape::account(&account), Value::Array(sessions))?;
    write!(out, ",\"chats\":[")?;
    for (index, membership) in store.memberships_of(account.id).await?.iter().enumerate() {
        let separator = if index == 0 { "" } else { "," };
        let chat = found(store, membership.chat).await?;
        let pins = store.pins_by(chat.id, account.id).await?;
        let pins: Vec<Value> = pins.iter().map(shape::pin).collect();
        let (row, mine) = (shape::chat(&chat), shape::member(membership));
        write!(out, "{separator}\n{{\"chat\":{row},\"membership\":{mine}")?;
        write!(out, ",\"pins\":{},\"messages\":[", Value::Array(pins))?;
        let (mut after, mut separator) = (0, "");
        loop {
            let place = (chat.id, account.id);
            let page = store.messages_of(place, (after, chat.last_seq), PAGE).await?;
            let Some(last) = page.last() else { break };
            after = last.seq;
            for message in &page {
                let mut value = shape::message(message);
                value["seq"] = json!(message.seq);
                value["msgNo"] = json!(message.msg_no);
                value["at"] = json!(message.at);
                write!(out, "{separator}\n{value}")?;
                separator = ",";
            }
        }
        write!(out, "]}}")?;
    }
    write!(out, "]")?;
    let webhooks = store.webhooks_by(account.id).await?;
    let webhooks: Vec<Value> = webhooks.iter().map(shape::webhook).collect();
    let operator = store.is_operator(account.id).await?;
    write!(out, ",\"operator\":{operator},\"webhooks\":{}", Value::Array(webhooks))?;
    write!(out, ",\"activeOn\":{}", json!(store.active_days_of(account.id).await?))?;
    write_audit(store, account.id, out).await
}

/// What the audit log holds of a user, the newest first.
async fn write_audit(store: &Kept, user: UserId, out: &mut impl Write) -> anyhow::Result<()> {
    write!(out, ",\"audit\":[")?;
    let (mut before, mut separator) = (None, "");
    loop {
        let filter = Filter { user: Some(user), before, ..Filter::default() };
        let page = store.audit_page(&filter, PAGE).await?;
        let Some(last) = page.last() else { break };
        before = Some(last.seq);
        for row in page {
            write!(out, "{separator}\n{}", serde_json::to_string(&AuditRow::from(row))?)?;
            separator = ",";
        }
    }
    Ok(write!(out, "]")?)
}

async fn write_chat(store: &Kept, id: ChatId, out: &mut impl Write) -> anyhow::Result<()> {
    let chat = found(store, id).await?;
    let members = store.memberships_in(id).await?;
    let members: Vec<Value> = members.iter().map(shape::member).collect();
    write!(out, ",\"chat\":{},\"members\":{}", shape::chat(&chat), Value::Array(members))?;
    let webhooks = store.webhooks(Some(id)).await?;
    let webhooks: Vec<Value> = webhooks.iter().map(shape::webhook).collect();
    write!(out, ",\"webhooks\":{}", Value::Array(webhooks))?;
    write!(out, ",\"log\":[")?;
    let (mut after, mut separator) = (0, "");
    while after < chat.last_seq {
        let page = store.events(id, after, PAGE).await?;
        if page.first().is_none_or(|event| event.seq != after + 1) {
            return Err(anyhow!("the log of {id} has a gap after {after}"));
        }
        for event in page.iter().take_while(|event| event.seq <= chat.last_seq) {
            write!(out, "{separator}\n{}", shape::event(event))?;
            (after, separator) = (event.seq, ",");
        }
    }
    Ok(write!(out, "]")?)
}

async fn found(store: &Kept, id: ChatId) -> anyhow::Result<Chat> {
    store.chat(id).await?.ok_or_else(|| anyhow!("there is no chat with the id {id}"))
}
