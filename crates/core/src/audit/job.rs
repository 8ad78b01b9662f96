//! The job that writes the audit log.

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use parking_lot::Mutex;
use serde_json::Value;
use zvon_protocol::ids::UserId;
use zvon_protocol::record::Payload;

use super::Entry;
use super::store::AuditStore;
use crate::event_log::Record;
use crate::job::{Job, JobError};

/// How often the head is written to the process's log, if it moved.
const TELL: Duration = Duration::from_secs(600);
/// Most characters of an address or a user agent.
const MOST: usize = 256;

/// Writes the audit log.
pub struct Audit {
    store: Arc<dyn AuditStore>,
    told: Mutex<Option<Instant>>,
}

impl Audit {
    /// Into that store.
    #[must_use]
    pub fn new(store: Arc<dyn AuditStore>) -> Self {
        Self { store, told: Mutex::new(None) }
    }
}

#[async_trait]
impl Job for Audit {
    fn name(&self) -> &'static str {
        "audit"
    }

    fn topics(&self) -> &'static [&'static str] {
        &["audit.log"]
    }

    async fn run(&self, records: &[Record]) -> Result<(), JobError> {
        let entries: Vec<Entry> = records.iter().filter_map(entry).collect();
        if entries.is_empty() {
            return Ok(());
        }
        let head = self.store.append_audit(&entries).await?;
        let mut told = self.told.lock();
        if told.is_none_or(|at| at.elapsed() >= TELL) {
            *told = Some(Instant::now());
            tracing::info!(seq = head.seq, hash = %head.hash, "the audit log's head");
        }
        Ok(())
    }
}

/// The entry of a record, if it tells something for the audit log.
fn entry(record: &Record) -> Option<Entry> {
    let Payload::AuditLog {
        user_id,
        action,
        resource,
        resource_id,
        result,
        ip,
        user_agent,
        details,
        timestamp,
    } = &record.envelope.payload
    else {
        return None;
    };
    // The one character that not every database holds in a text.
    let text = |text: &String| text.replace('\0', "\u{fffd}").chars().take(MOST).collect();
    Some(Entry {
        event_id: record.envelope.event_id.clone(),
        at: *timestamp,
        actor: details.as_ref().and_then(actor),
        user: Some(*user_id),
        action: action.clone(),
        resource: resource.clone(),
        resource_id: resource_id.clone(),
        outcome: *result,
        address: ip.as_ref().map(text),
        device: user_agent.as_ref().map(text),
        details: details.as_ref().map(Value::to_string),
    })
}

/// Who did it, if the details say so.
fn actor(details: &Value) -> Option<UserId> {
    details.get("by").and_then(Value::as_str).and_then(|id| id.parse().ok())
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use uuid::Uuid;
    use zvon_protocol::record::{Envelope, Outcome, VERSION};
    use zvon_protocol::time::Timestamp;

    use super::{Payload, Record, UserId, entry};

    #[test]
    fn an_entry_is_what_the_record_tells() {
        let (ann, bob) = (UserId(Uuid::now_v7()), UserId(Uuid::now_v7()));
        let payload = Payload::AuditLog {
            user_id: ann,
            action: "member.added".to_owned(),
            resource: "chat".to_owned(),
            resource_id: "x".to_owned(),
            result: Outcome::Failure,
            ip: Some("192.0.2.1".to_owned()),
            user_agent: Some(format!("a\0b{}", "ё".repeat(500))),
            details: Some(json!({ "by": bob, "text": "\0" })),
            timestamp: Timestamp(5),
        };
        let (event_id, version) = ("one".to_owned(), VERSION.to_owned());
        let envelope = Envelope { event_id, timestamp: 9, version, seq: None, payload };
        let entry = entry(&Record { key: ann.0, envelope }).unwrap();
        assert_eq!((entry.user, entry.actor, entry.at), (Some(ann), Some(bob), Timestamp(5)));
        assert_eq!((&*entry.event_id, entry.outcome), ("one", Outcome::Failure));
        let device = entry.device.unwrap();
        assert!(device.starts_with("a\u{fffd}bё") && device.chars().count() == 256);
        assert!(!entry.details.unwrap().contains('\0'));
    }
}
