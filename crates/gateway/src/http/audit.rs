//! The audit log, for operators.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use schemars::JsonSchema;
use serde::Deserialize;
use zvon_core::audit::store::Filter;
use zvon_protocol::audit::AuditRow;
use zvon_protocol::ids::UserId;
use zvon_protocol::time::Timestamp;

use crate::Edge;
use crate::caller::Authenticated;
use crate::error::HttpError;

/// Which rows.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct Wanted {
    /// Those of this user, or done by them.
    #[schemars(with = "UserId")]
    user: Option<UserId>,
    /// Those of this action.
    #[schemars(with = "String")]
    action: Option<String>,
    /// From then on.
    #[schemars(with = "Timestamp")]
    since: Option<Timestamp>,
    /// Before then.
    #[schemars(with = "Timestamp")]
    until: Option<Timestamp>,
    /// Those before this number.
    #[schemars(with = "u64")]
    before: Option<u64>,
    /// At most this many (100 unless said, server maximum 500).
    #[schemars(with = "u32")]
    limit: Option<u32>,
}

/// `GET /api/audit`.
pub(crate) async fn list(
    State(edge): State<Arc<Edge>>,
    who: Authenticated,
    wanted: Result<Query<Wanted>, QueryRejection>,
) -> Result<Json<Vec<AuditRow>>, HttpError> {
    let wrong = |_| {
        HttpError::bad_request(
            "user is a UUID, since and until are times, before and limit numbers",
        )
    };
    let Query(Wanted { user, action, since, until, before, limit }) = wanted.map_err(wrong)?;
    let filter = Filter { user, action, since, until, before };
    let rows = edge.app.audit(who.caller, &filter, limit).await?;
    Ok(Json(rows.into_iter().map(AuditRow::from).collect()))
}
