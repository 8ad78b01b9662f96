//! The audit log as operators read it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::ids::UserId;
use crate::record::Outcome;
use crate::time::Timestamp;

/// A row of the audit log, in `GET /api/audit` and `zvon audit list --json`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AuditRow {
    /// Its number: 1, 2, 3 …
    pub seq: u64,
    /// The event that told it.
    pub event_id: String,
    /// When it happened.
    pub at: Timestamp,
    /// Who did it, if that is known.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub actor_id: Option<UserId>,
    /// Whom it concerns.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub user_id: Option<UserId>,
    /// What: `noun.participle`.
    pub action: String,
    /// The kind of what it was done to.
    pub resource: String,
    /// Which one.
    pub resource_id: String,
    /// Whether it was done.
    pub result: Outcome,
    /// From which address.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub ip: Option<String>,
    /// With which user agent.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub user_agent: Option<String>,
    /// More about it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub details: Option<Value>,
    /// The hash of the row before it.
    pub former: String,
    /// Its own.
    pub hash: String,
}
