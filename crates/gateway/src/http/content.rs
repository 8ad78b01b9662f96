//! How a browser may take an answer: as what it is said to be, and as nothing else.
//!
//! Texts of people are stored as they came and go out as JSON. These headers keep a browser that is
//! led to such an answer from taking it for a page. What an answer says itself is left alone: the
//! web client has a policy of its own.

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use http::HeaderValue;
use http::header::{CONTENT_SECURITY_POLICY, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS};

/// An answer that is no page loads nothing, runs nothing and stands in no frame.
const NO_PAGE: &str = "default-src 'none'; base-uri 'none'; form-action 'none'; \
    frame-ancestors 'none'";

/// Adds the headers to every answer that has none of its own.
pub(crate) async fn guard(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in [
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (REFERRER_POLICY, "no-referrer"),
        (CONTENT_SECURITY_POLICY, NO_PAGE),
    ] {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    response
}
