//! What is noted of a request: its line in the access log, its count, its span.
//!
//! The path without the query, cut to a bounded length; no header and no body. Texts are written
//! quoted and escaped, so that no request can forge a line. Requests of the Socket.IO engine do
//! not come by here: of those, only connections are noted.

use std::sync::{Arc, OnceLock};
use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use tracing::{Instrument, Span};
use zvon_protocol::ids::UserId;
use zvon_socketio::RemoteAddr;

use crate::Edge;

/// Most bytes of a path or method that are written.
const MOST: usize = 200;

/// Who a request turns out to be from.
#[derive(Clone, Default)]
pub(crate) struct Who(Arc<OnceLock<UserId>>);

impl Who {
    /// It is known now.
    pub(crate) fn is(&self, user: UserId) {
        let _ = self.0.set(user);
    }
}

/// Notes a request when it was answered, or when its client went away before.
pub(crate) async fn note(
    State(edge): State<Arc<Edge>>,
    mut request: Request,
    next: Next,
) -> Response {
    let who = Who::default();
    request.extensions_mut().insert(who.clone());
    let mut noted = Noted::begin(edge, &request, who);
    let span = span(&request);
    let response = next.run(request).instrument(span.clone()).await;
    noted.answered(&response, &span);
    response
}

/// The request's span, named by its route: no id of anything.
fn span(request: &Request) -> Span {
    let route = request.extensions().get::<MatchedPath>().map_or("*", MatchedPath::as_str);
    let method = cut(request.method().as_str());
    tracing::info_span!(
        target: "zvon::trace",
        "request",
        otel.name = format_args!("{method} {route}"),
        otel.kind = "server",
        otel.status_code = tracing::field::Empty,
        http.request.method = method,
        http.route = route,
        http.response.status_code = tracing::field::Empty,
    )
}

/// Writes its line when it is dropped, so that there is one for each request.
struct Noted {
    edge: Arc<Edge>,
    who: Who,
    begun: Instant,
    peer: Option<RemoteAddr>,
    method: String,
    path: String,
    status: Option<u16>,
    bytes: Option<u64>,
}

impl Noted {
    fn begin(edge: Arc<Edge>, request: &Request, who: Who) -> Self {
        Self {
            edge,
            who,
            begun: Instant::now(),
            peer: request.extensions().get::<RemoteAddr>().copied(),
            method: cut(request.method().as_str()).to_owned(),
            path: cut(request.uri().path()).to_owned(),
            status: None,
            bytes: None,
        }
    }

    fn answered(&mut self, response: &Response, span: &Span) {
        let status = response.status();
        self.status = Some(status.as_u16());
        self.bytes = http_body::Body::size_hint(response.body()).exact();
        span.record("http.response.status_code", status.as_u16());
        if status.is_server_error() {
            span.record("otel.status_code", "ERROR");
        }
    }
}

impl Drop for Noted {
    fn drop(&mut self) {
        let took = self.begun.elapsed();
        self.edge.meters.request(self.status, took);
        tracing::info!(
            target: "zvon::access",
            peer = self.peer.map(|peer| tracing::field::display(peer.0.ip())),
            user.id = self.who.0.get().map(tracing::field::display),
            method = self.method,
            path = self.path,
            // As nginx has it for a client that went away.
            status = self.status.unwrap_or(499),
            duration_ms = (took.as_secs_f64() * 1e4).round() / 10.0,
            bytes = self.bytes,
            "request"
        );
    }
}

/// As much of a text as is written.
fn cut(text: &str) -> &str {
    &text[..text.floor_char_boundary(MOST)]
}

#[cfg(test)]
mod tests {
    use super::{MOST, cut};

    #[test]
    fn a_long_text_is_cut_between_characters() {
        assert_eq!(cut("/health"), "/health");
        assert_eq!(cut(&"x".repeat(1000)).len(), MOST);
        let cyrillic = "я".repeat(1000);
        assert_eq!(cut(&format!("/{cyrillic}")).len(), MOST - 1);
    }
}
