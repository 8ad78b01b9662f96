//! CORS for the one front end: a fixed origin, whatever the request's is.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_REQUEST_METHOD,
    VARY,
};
use http::{HeaderMap, HeaderValue, Method, StatusCode};

use crate::Edge;

/// Adds the headers to every answer, and answers preflights with 204.
pub(crate) async fn allow(State(edge): State<Arc<Edge>>, request: Request, next: Next) -> Response {
    let preflight = request.method() == Method::OPTIONS
        && request.headers().contains_key(ACCESS_CONTROL_REQUEST_METHOD);
    let mut response = if preflight { Response::default() } else { next.run(request).await };
    if preflight {
        *response.status_mut() = StatusCode::NO_CONTENT;
        preflight_headers(response.headers_mut());
    }
    let headers = response.headers_mut();
    if let Ok(origin) = HeaderValue::from_str(&edge.settings.frontend_url) {
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    }
    headers.append(VARY, HeaderValue::from_static("Origin"));
    headers.insert(ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
    headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("authorization"));
    response
}

fn preflight_headers(headers: &mut HeaderMap) {
    let methods = HeaderValue::from_static("GET,POST,PUT,DELETE,PATCH,OPTIONS");
    headers.insert(ACCESS_CONTROL_ALLOW_METHODS, methods);
    let allowed = HeaderValue::from_static("content-type,authorization");
    headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, allowed);
}
