//! The documents of routes and events, as JSON and as a page.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::HeaderValue;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};

use super::web;
use crate::Edge;

/// `GET /api/docs-json`.
pub(crate) async fn openapi(State(edge): State<Arc<Edge>>) -> Response {
    document("application/json", edge.documents().openapi.clone())
}

/// `GET /api/docs-yaml`: every JSON text is a YAML text.
pub(crate) async fn openapi_yaml(State(edge): State<Arc<Edge>>) -> Response {
    document("application/yaml", edge.documents().openapi.clone())
}

/// `GET /api/events-json`.
pub(crate) async fn asyncapi(State(edge): State<Arc<Edge>>) -> Response {
    document("application/json", edge.documents().asyncapi.clone())
}

/// `GET /api/docs`.
pub(crate) async fn page(State(edge): State<Arc<Edge>>) -> Response {
    document("text/html; charset=utf-8", edge.documents().page.clone())
}

/// `GET /api/docs.css`.
pub(crate) async fn style() -> Response {
    document("text/css; charset=utf-8", crate::documents::STYLE.into())
}

fn document(kind: &'static str, text: bytes::Bytes) -> Response {
    let mut response = text.into_response();
    let headers = response.headers_mut();
    web::protect(headers);
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    response
}
