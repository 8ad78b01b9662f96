//! `/metrics` and `/health*` on a port of the operators' own, if one is configured.
//!
//! The public port never serves metrics. Without a configured port nothing is recorded either:
//! the handles that `core` and `gateway` count with then do nothing.

mod process;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use axum::Router;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use zvon_gateway::Gateway;

use crate::config::Config;
use crate::listener::{self, Door};

/// How often what was recorded is taken into the histograms: until then it is kept one by one.
const UPKEEP: Duration = Duration::from_secs(2);
/// Bounds of all times, in seconds.
const SECONDS: [f64; 14] =
    [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0];
/// Bounds of batches.
const MESSAGES: [f64; 7] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0];

/// Takes those metrics that are looked up rather than counted.
type Look = Arc<dyn Fn() + Send + Sync>;

/// The port, open but not yet served, and what records.
pub(crate) struct Watch {
    door: TcpListener,
    recorder: PrometheusHandle,
    token: String,
}

/// A port that is served.
pub(crate) struct Watching {
    stop: CancellationToken,
    tasks: [JoinHandle<()>; 2],
}

impl Watch {
    /// Opens the configured port and begins to record; to be called before anything counts.
    pub(crate) fn open(config: &Config) -> Result<Option<Self>> {
        let address = config.metrics_listen().map_err(|error| anyhow::anyhow!("{error}"))?;
        let Some(address) = address else { return Ok(None) };
        let recorder = PrometheusBuilder::new()
            .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &SECONDS)?
            .set_buckets_for_metric(Matcher::Suffix("_messages".to_owned()), &MESSAGES)?
            .install_recorder()
            .context("metrics cannot be recorded")?;
        let door = listener::bind(address)?;
        Ok(Some(Self { door, recorder, token: config.metrics.token.clone() }))
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> Result<SocketAddr> {
        Ok(self.door.local_addr()?)
    }

    /// Serves a node's port until it is told to stop.
    pub(crate) fn serve(self, gateway: &Gateway) -> Watching {
        let (probes, gateway) = (gateway.probes(), gateway.clone());
        self.run(probes, Arc::new(move || gateway.look()))
    }

    /// Serves the port of a process that has no clients.
    pub(crate) fn serve_worker(self) -> Watching {
        let alive = get(|| async { axum::Json(serde_json::json!({ "status": "ok" })) });
        self.run(Router::new().route("/health/liveness", alive), Arc::new(|| {}))
    }

    fn run(self, probes: Router, look: Look) -> Watching {
        let stop = CancellationToken::new();
        let upkeep = tokio::spawn(upkeep(self.recorder.clone(), stop.clone()));
        let router = router(probes, look, self.recorder, self.token);
        let serving = tokio::spawn(listener::serve(self.door, Door::plain(router), stop.clone()));
        Watching { stop, tasks: [upkeep, serving] }
    }
}

impl Watching {
    /// Closes the port.
    pub(crate) async fn close(self) {
        self.stop.cancel();
        for task in self.tasks {
            let _ = task.await;
        }
    }
}

async fn upkeep(recorder: PrometheusHandle, stop: CancellationToken) {
    let mut tick = tokio::time::interval(UPKEEP);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = tick.tick() => recorder.run_upkeep(),
        }
    }
}

fn router(probes: Router, look: Look, recorder: PrometheusHandle, token: String) -> Router {
    let begun = process::now();
    let metrics = move |headers: HeaderMap| async move {
        if !allows(&token, &headers) {
            let bearer = [(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))];
            return (StatusCode::UNAUTHORIZED, bearer).into_response();
        }
        // A census of many connections takes a moment, which those that serve chats do not wait.
        let shown = tokio::task::spawn_blocking(move || show(&look, &recorder, begun));
        shown.await.map_or_else(|_| StatusCode::INTERNAL_SERVER_ERROR.into_response(), text)
    };
    probes.route("/metrics", get(metrics))
}

fn text(figures: String) -> Response {
    let kind = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
    ([(CONTENT_TYPE, kind)], figures).into_response()
}

fn show(look: &Look, recorder: &PrometheusHandle, begun: f64) -> String {
    look();
    let mut figures = recorder.render();
    figures.push_str(&process::Process::read(begun).to_string());
    figures
}

/// Whether a request may see the metrics. Compares in a time that tells nothing of the token.
fn allows(token: &str, headers: &HeaderMap) -> bool {
    if token.is_empty() {
        return true;
    }
    let given = headers.get(AUTHORIZATION).map(HeaderValue::as_bytes).unwrap_or_default();
    let given = given.strip_prefix(b"Bearer ").unwrap_or_default();
    let differs =
        given.iter().zip(token.as_bytes()).fold(0, |all, (one, other)| all | (one ^ other));
    given.len() == token.len() && differs == 0
}

#[cfg(test)]
mod tests {
    use super::{AUTHORIZATION, HeaderMap, HeaderValue, allows};

    #[test]
    fn only_the_whole_token_opens() {
        let with = |text: &'static str| {
            let value = HeaderValue::from_static(text);
            HeaderMap::from_iter([(AUTHORIZATION, value)])
        };
        assert!(allows("secret", &with("Bearer secret")));
        assert!(allows("", &HeaderMap::new()), "none is asked for");
        for wrong in ["Bearer secre", "Bearer secrets", "Bearer ", "secret", "Basic secret", ""] {
            assert!(!allows("secret", &with(wrong)), "{wrong}");
        }
        assert!(!allows("secret", &HeaderMap::new()));
    }
}
