//! Reading the audit log, for operators.

use std::sync::Arc;

use zvon_protocol::audit::AuditRow;

use super::Row;
use super::store::Filter;
use crate::App;
use crate::caller::Caller;
use crate::error::Result;

/// Most rows of a page.
pub const PAGE: u32 = 500;

impl App {
    /// A page of the audit log, the newest first.
    ///
    /// # Errors
    /// `Forbidden` (the caller is no operator), or the store's.
    pub async fn audit(
        self: &Arc<Self>,
        caller: Caller,
        filter: &Filter,
        limit: Option<u32>,
    ) -> Result<Vec<Row>> {
        self.check_operator(caller).await?;
        let limit = limit.unwrap_or(100).clamp(1, PAGE);
        Ok(self.store().audit_page(filter, limit).await?)
    }
}

impl From<Row> for AuditRow {
    fn from(Row { seq, entry, former, hash }: Row) -> Self {
        Self {
            seq,
            event_id: entry.event_id,
            at: entry.at,
            actor_id: entry.actor,
            user_id: entry.user,
            action: entry.action,
            resource: entry.resource,
            resource_id: entry.resource_id,
            result: entry.outcome,
            ip: entry.address,
            user_agent: entry.device,
            details: entry.details.and_then(|text| serde_json::from_str(&text).ok()),
            former: former.to_string(),
            hash: hash.to_string(),
        }
    }
}
