//! Counts per day, for operators: as JSON and as CSV.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use http::HeaderValue;
use http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE};
use schemars::JsonSchema;
use serde::Deserialize;
use zvon_core::analytics::csv;
use zvon_protocol::analytics::{Analytics, DayCounts};
use zvon_protocol::day::Day;

use crate::Edge;
use crate::caller::Authenticated;
use crate::error::HttpError;

/// Which days.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct Wanted {
    /// The first day of UTC (unless said 29 days before `to`).
    #[schemars(with = "Day")]
    from: Option<Day>,
    /// The last one (unless said today); at most 366 days in all.
    #[schemars(with = "Day")]
    to: Option<Day>,
}

/// `GET /api/analytics`.
pub(crate) async fn show(
    State(edge): State<Arc<Edge>>,
    who: Authenticated,
    wanted: Result<Query<Wanted>, QueryRejection>,
) -> Result<Json<Analytics>, HttpError> {
    Ok(Json(counts(&edge, &who, wanted).await?))
}

/// `GET /api/analytics.csv`.
pub(crate) async fn download(
    State(edge): State<Arc<Edge>>,
    who: Authenticated,
    wanted: Result<Query<Wanted>, QueryRejection>,
) -> Result<Response, HttpError> {
    let Analytics { days, .. } = counts(&edge, &who, wanted).await?;
    let mut response = csv::of(&days).into_response();
    let headers = response.headers_mut();
    let kind = HeaderValue::from_static("text/csv; charset=utf-8; header=present");
    headers.insert(CONTENT_TYPE, kind);
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Ok(name) = HeaderValue::from_str(&disposition(&days)) {
        headers.insert(CONTENT_DISPOSITION, name);
    }
    Ok(response)
}

/// A file, whose name says which days it holds.
fn disposition(days: &[DayCounts]) -> String {
    let day = |counts: Option<&DayCounts>| counts.map(|counts| counts.day.to_string());
    let (from, to) = (day(days.first()).unwrap_or_default(), day(days.last()).unwrap_or_default());
    format!("attachment; filename=\"analytics_{from}_{to}.csv\"")
}

async fn counts(
    edge: &Edge,
    who: &Authenticated,
    wanted: Result<Query<Wanted>, QueryRejection>,
) -> Result<Analytics, HttpError> {
    let wrong = |_| HttpError::bad_request("from and to are days, like 2026-01-31");
    let Query(Wanted { from, to }) = wanted.map_err(wrong)?;
    Ok(edge.app.analytics(who.caller, from, to).await?)
}
