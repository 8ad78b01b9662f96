//! The bundled web client, embedded in the binary.

use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use http::header::{
    ACCEPT, CONTENT_SECURITY_POLICY, REFERRER_POLICY, VARY, X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderMap, HeaderValue, Method, StatusCode, Uri};
use memory_serve::CacheControl;
use tower::ServiceExt;

use crate::Edge;
use crate::error::HttpError;

/// Nothing from elsewhere, nothing inline, no frame around it.
const POLICY: &str = "default-src 'self'; script-src 'self'; style-src 'self'; \
    connect-src 'self' ws: wss:; img-src 'self' data:; object-src 'none'; base-uri 'none'; \
    form-action 'self'; frame-ancestors 'none'";

/// The client's files, with compression and ETags; `/` is its page.
pub(crate) fn assets() -> Router<Arc<Edge>> {
    plain_assets().with_state(())
}

fn plain_assets<S: Clone + Send + Sync + 'static>() -> Router<S> {
    memory_serve::load!()
        .index_file(Some("/index.html"))
        .html_cache_control(CacheControl::NoCache)
        .cache_control(CacheControl::Long)
        .into_router()
        .layer(middleware::from_fn(secure))
}

/// What no route is for: pages of the client for people, the 404 envelope for programs.
pub(crate) async fn fallback(request: Request) -> Response {
    if is_for_people(&request) {
        return page(request).await;
    }
    let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
    let text = format!("Cannot {} {path}", request.method());
    HttpError::new(StatusCode::NOT_FOUND, text).into_response()
}

/// The client where a path is both one of its addresses and a route.
pub(crate) async fn page_for_people(request: Request, next: Next) -> Response {
    let mut response =
        if is_for_people(&request) { page(request).await } else { next.run(request).await };
    response.headers_mut().append(VARY, HeaderValue::from_static("Accept"));
    response
}

fn is_for_people(request: &Request) -> bool {
    let accepts = request.headers().get(ACCEPT).and_then(|value| value.to_str().ok());
    request.method() == Method::GET && accepts.is_some_and(|value| value.contains("text/html"))
}

async fn page(mut request: Request) -> Response {
    *request.uri_mut() = Uri::from_static("/");
    match plain_assets::<()>().oneshot(request).await {
        Ok(response) => response,
        Err(never) => match never {},
    }
}

async fn secure(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    protect(response.headers_mut());
    response
}

/// What browsers must not do with our pages.
pub(super) fn protect(headers: &mut HeaderMap) {
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
}
