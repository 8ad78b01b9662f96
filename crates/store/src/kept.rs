//! Rows of what jobs keep, as values, in either database: dead letters, states, the audit log,
//! webhooks and deliveries.

use serde::{Deserialize, Serialize};
use sqlx::Error;
use uuid::Uuid;
use zvon_core::audit::{Entry, Hash, Head, Row};
use zvon_core::event_log::Record;
use zvon_core::job::store::{DeadLetter, JobState};
use zvon_core::outbox::event::{AccountEvent, AccountKind};
use zvon_core::store::Denied;
use zvon_core::webhook::store::{Change, Claimed};
use zvon_core::webhook::{Delivery, Progress, Secret, Try, Webhook};
use zvon_protocol::ids::{ChatId, UserId, WebhookId};
use zvon_protocol::record::{Envelope, Outcome};
use zvon_protocol::time::Timestamp;

use crate::columns::{Columns, id, maybe_time, number, text, time};

/// A record as it is kept.
#[derive(Serialize, Deserialize)]
struct Kept {
    key: Uuid,
    envelope: Envelope,
}

/// A record as its column.
pub(crate) fn record(record: &Record) -> String {
    let kept = Kept { key: record.key, envelope: record.envelope.clone() };
    serde_json::to_string(&kept).unwrap_or_default()
}

/// A text as every database can hold it.
pub(crate) fn clean(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}

pub(crate) fn letter(row: &impl Columns) -> Result<DeadLetter, Error> {
    let kept = serde_json::from_str(&text(row, "record")?);
    let Kept { key, envelope } = kept.map_err(|error| Error::Decode(error.into()))?;
    let (job, reason, at) = (text(row, "job")?, text(row, "reason")?, time(row, "at")?);
    Ok(DeadLetter { job, record: Record { key, envelope }, reason, at })
}

pub(crate) fn state(row: &impl Columns) -> Result<JobState, Error> {
    Ok(JobState {
        job: text(row, "job")?,
        at: maybe_time(row, "at")?.unwrap_or_default(),
        done: row.int("done")?.and_then(|done| u64::try_from(done).ok()).unwrap_or_default(),
        reached: maybe_time(row, "reached")?.unwrap_or_default(),
        trouble: row.text("trouble")?,
        dead: number(row, "dead")?,
    })
}

fn hash(row: &impl Columns, column: &str) -> Result<Hash, Error> {
    let bytes = row.bytes(column)?.unwrap_or_default();
    let bytes = bytes.try_into().map_err(|_| Error::Decode("a hash has 32 bytes".into()));
    bytes.map(Hash)
}

pub(crate) fn head(row: &impl Columns) -> Result<Head, Error> {
    Ok(Head { seq: number(row, "seq")?, hash: hash(row, "hash")? })
}

pub(crate) fn audit(row: &impl Columns) -> Result<Row, Error> {
    let failed = row.int("failed")?.unwrap_or_default() != 0;
    let entry = Entry {
        event_id: text(row, "event_id")?,
        at: time(row, "at")?,
        actor: row.uuid("actor")?.map(UserId),
        user: row.uuid("user_id")?.map(UserId),
        action: text(row, "action")?,
        resource: text(row, "resource")?,
        resource_id: text(row, "resource_id")?,
        outcome: if failed { Outcome::Failure } else { Outcome::Success },
        address: row.text("address")?,
        device: row.text("device")?,
        details: row.text("details")?,
    };
    let (former, hash) = (hash(row, "former")?, hash(row, "hash")?);
    Ok(Row { seq: number(row, "seq")?, entry, former, hash })
}

/// The columns of a webhook `w`, but for its id, with names that are also good beside a delivery's.
macro_rules! webhook_columns {
    () => {
        "w.chat_id, w.url, w.secret, w.topics, w.created_by, w.created_at AS webhook_at, \
        w.failing_since, w.disabled_at, w.disabled_why"
    };
}
pub(crate) use webhook_columns;

/// A webhook from its columns, with its id as `webhook_id`.
pub(crate) fn webhook(row: &impl Columns) -> Result<Webhook, Error> {
    let topics = row.text("topics")?.map(|topics| serde_json::from_str(&topics)).transpose();
    let disabled = maybe_time(row, "disabled_at")?;
    let why = row.text("disabled_why")?.unwrap_or_default();
    Ok(Webhook {
        id: WebhookId(id(row, "webhook_id")?),
        chat: row.uuid("chat_id")?.map(ChatId),
        url: text(row, "url")?,
        topics: topics.map_err(|error| Error::Decode(error.into()))?,
        created_by: UserId(id(row, "created_by")?),
        created_at: time(row, "webhook_at")?,
        failing_since: maybe_time(row, "failing_since")?,
        disabled: disabled.map(|at| (at, why)),
    })
}

/// The topics of a webhook as their column.
pub(crate) fn topics(webhook: &Webhook) -> Option<String> {
    webhook.topics.as_ref().and_then(|topics| serde_json::to_string(topics).ok())
}

pub(crate) fn secret(row: &impl Columns) -> Result<Secret, Error> {
    text(row, "secret").map(Secret)
}

pub(crate) fn delivery(row: &impl Columns) -> Result<Delivery, Error> {
    let delivered = row.int("delivered")?.unwrap_or_default() != 0;
    let progress = match maybe_time(row, "due_at")? {
        Some(due) => Progress::Waiting(due),
        None if delivered => Progress::Delivered,
        None => Progress::Failed,
    };
    let unsigned = |value: Option<i64>| value.and_then(|value| u64::try_from(value).ok());
    let (took, status) = (unsigned(row.int("took")?), row.int("status")?);
    let error = row.text("error")?;
    let last = maybe_time(row, "tried_at")?.map(|at| Try {
        at,
        took: took.unwrap_or_default(),
        status: status.and_then(|status| u16::try_from(status).ok()),
        error,
    });
    Ok(Delivery {
        id: id(row, "id")?,
        webhook: WebhookId(id(row, "webhook_id")?),
        event_id: text(row, "event_id")?,
        topic: text(row, "topic")?,
        body: text(row, "body")?,
        created_at: time(row, "created_at")?,
        progress,
        tries: u32::try_from(number(row, "tries")?).unwrap_or(u32::MAX),
        last,
    })
}

pub(crate) fn claimed(row: &impl Columns) -> Result<Claimed, Error> {
    let webhook = webhook(row)?;
    Ok(Claimed { delivery: delivery(row)?, webhook, secret: secret(row)? })
}

/// What the outbox tells of a webhook.
pub(crate) fn told(webhook: &Webhook, by: UserId, act: &str) -> AccountEvent {
    let rest = webhook.url.split_once("://").map_or("", |(_, rest)| rest);
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default().to_owned();
    let (id, chat, act) = (webhook.id, webhook.chat, act.to_owned());
    AccountEvent { user: by, kind: AccountKind::Webhook { webhook: id, chat, act, host } }
}

/// How far a delivery is, as its columns: when it is due, and whether it was taken.
pub(crate) fn progress(progress: Progress) -> (Option<i64>, bool) {
    match progress {
        Progress::Waiting(due) => (Some(due.0), false),
        Progress::Delivered => (None, true),
        Progress::Failed => (None, false),
    }
}

/// Why a webhook is disabled that somebody disabled.
pub(crate) const BY_HAND: &str = "by hand";

/// Why a webhook is disabled for which too much waits.
pub(crate) fn overfull(most: u32) -> String {
    format!("more than {most} events waited for it")
}

/// A change as the outbox tells it, and the webhook after it.
pub(crate) fn changed(webhook: &Webhook, change: Change, at: Timestamp) -> (&'static str, Webhook) {
    let mut after = webhook.clone();
    let act = match change {
        Change::Enable => {
            (after.failing_since, after.disabled) = (None, None);
            "enabled"
        }
        Change::Disable => {
            after.disabled.get_or_insert_with(|| (at, BY_HAND.to_owned()));
            "disabled"
        }
        Change::Delete => "deleted",
    };
    (act, after)
}

/// What is refused to whoever may not even know of a webhook: as if there were none.
pub(crate) fn unknown(denied: Denied) -> Denied {
    match denied {
        Denied::NoChat | Denied::NotAMember | Denied::NotAnOperator => Denied::NoTarget,
        other => other,
    }
}
