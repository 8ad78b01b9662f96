//! Health, in the shapes that the existing probes know.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header::CACHE_CONTROL;
use http::{HeaderValue, StatusCode};
use serde_json::Value;
use zvon_core::clock::{Clock, SystemClock};
use zvon_core::outbox::relay::standing::State as Relay;
use zvon_protocol::error::OkTag;
use zvon_protocol::rest::{Alive, Check, EventsHealth, Health, HealthStatus};
use zvon_protocol::time::Timestamp;

use super::envelope::Extra;
use crate::Edge;
use crate::error::HttpError;

/// How long the store may take to answer.
const PATIENCE: Duration = Duration::from_secs(1);

type Probe = (&'static str, Result<(), String>);

/// `GET /health`: the store and, where thresholds are set, memory. Among nodes also Redis, which
/// is told and no reason to send clients elsewhere.
pub(crate) async fn health(State(edge): State<Arc<Edge>>) -> Response {
    let limits = edge.settings.health;
    let memory = Memory::read();
    let heap = within(memory.data, limits.heap_max, "Used heap exceeded the set threshold");
    let rss = within(memory.resident, limits.rss_max, "Used rss exceeded the set threshold");
    let checks = vec![database(&edge).await, ("memory_heap", heap), ("memory_rss", rss)];
    let redis = edge.app.is_connected().map(|up| match up {
        true => Check::Up,
        false => Check::Down { message: "Redis does not answer".to_owned() },
    });
    report(checks, redis.map(|check| ("redis", check)), events(&edge))
}

/// `GET /health/liveness`: the process answers.
pub(crate) async fn liveness() -> Json<Alive> {
    Json(Alive { status: OkTag::Ok, timestamp: SystemClock.now() })
}

/// `GET /health/readiness`: balancers may send clients here.
pub(crate) async fn readiness(State(edge): State<Arc<Edge>>) -> Response {
    let (name, verdict) = database(&edge).await;
    let ready = edge.ready.load(Ordering::Relaxed);
    let draining = || Err("not ready".to_owned());
    let verdict = verdict.and_then(|()| if ready { Ok(()) } else { draining() });
    report(vec![(name, verdict)], None, events(&edge))
}

/// How events get on to the event log. Nobody who chats waits for it, so it decides nothing.
fn events(edge: &Edge) -> Option<EventsHealth> {
    edge.events.get().map(|standing| told(standing.now(), SystemClock.now()))
}

fn told(relay: Relay, now: Timestamp) -> EventsHealth {
    let Relay { works, backlog, error } = relay;
    let seconds = backlog.map(|backlog| {
        let since = |oldest: Timestamp| now.0.saturating_sub(oldest.0).max(0) as f64 / 1e3;
        backlog.oldest.map_or(0.0, since)
    });
    // The page is anybody's to read.
    let error = error.map(|_| "the event log does not answer; the node's log says more".to_owned());
    EventsHealth { works, rows: backlog.map(|backlog| backlog.rows), seconds, error }
}

async fn database(edge: &Edge) -> Probe {
    let verdict = match tokio::time::timeout(PATIENCE, edge.app.ping()).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(error)) => Err(error.text()),
        Err(_) => Err("timeout of 1000ms exceeded".to_owned()),
    };
    ("database", verdict)
}

fn within(used: Option<u64>, most: Option<u64>, text: &str) -> Result<(), String> {
    match (used, most) {
        (Some(used), Some(most)) if used > most => Err(text.to_owned()),
        _ => Ok(()),
    }
}

/// What the checks come to; `aside` and `events` are told and decide nothing.
fn report(
    checks: Vec<Probe>,
    aside: Option<(&'static str, Check)>,
    events: Option<EventsHealth>,
) -> Response {
    let (mut info, mut error, mut details) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
    details.extend(aside.map(|(name, check)| (name.to_owned(), check)));
    for (name, verdict) in checks {
        let (into, check) = match verdict {
            Ok(()) => (&mut info, Check::Up),
            Err(message) => (&mut error, Check::Down { message }),
        };
        into.insert(name.to_owned(), check.clone());
        details.insert(name.to_owned(), check);
    }
    let healthy = error.is_empty();
    let status = if healthy { HealthStatus::Ok } else { HealthStatus::Error };
    let health = Health { status, info, error, details, events };
    let mut response = if healthy {
        Json(health).into_response()
    } else {
        let error =
            HttpError::new(StatusCode::SERVICE_UNAVAILABLE, "Service Unavailable Exception");
        let mut response = error.into_response();
        if let Ok(Value::Object(fields)) = serde_json::to_value(health) {
            response.extensions_mut().insert(Extra(fields));
        }
        response
    };
    let never = HeaderValue::from_static("no-cache, no-store, must-revalidate");
    response.headers_mut().insert(CACHE_CONTROL, never);
    response
}

/// The process's memory, in bytes, where the system tells it.
#[derive(Default)]
struct Memory {
    data: Option<u64>,
    resident: Option<u64>,
}

impl Memory {
    fn read() -> Self {
        let Ok(status) = std::fs::read_to_string("/proc/self/status") else {
            return Self::default();
        };
        let field = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name))?;
            line.split_whitespace().next()?.parse::<u64>().ok().map(|kib| kib * 1024)
        };
        Self { data: field("RssAnon:"), resident: field("VmRSS:") }
    }
}
