//! Cross-origin headers on every answer, errors and upgrades included.

use bytes::Bytes;
use http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_REQUEST_HEADERS, VARY,
};
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::Full;

use super::answer::{Reply, empty};
use crate::config::{Cors, CorsOrigin};

const METHODS: HeaderValue = HeaderValue::from_static("GET,HEAD,PUT,PATCH,POST,DELETE");

/// The answer to a preflight.
pub(super) fn preflight<B>(cors: Option<&Cors>, request: &Request<B>) -> Option<Reply> {
    if request.method() != Method::OPTIONS {
        return None;
    }
    cors?;
    let mut response: Response<Full<Bytes>> = empty(StatusCode::NO_CONTENT);
    let headers = response.headers_mut();
    allow(cors, headers);
    headers.insert(ACCESS_CONTROL_ALLOW_METHODS, METHODS);
    if let Some(asked) = request.headers().get(ACCESS_CONTROL_REQUEST_HEADERS) {
        headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, asked.clone());
        headers.append(VARY, HeaderValue::from_static("Access-Control-Request-Headers"));
    }
    Some(response)
}

/// Puts the headers on an answer.
pub(super) fn allow(cors: Option<&Cors>, headers: &mut HeaderMap) {
    let Some(cors) = cors else { return };
    let origin = match &cors.origin {
        CorsOrigin::Any => Ok(HeaderValue::from_static("*")),
        CorsOrigin::Fixed(origin) => HeaderValue::from_str(origin),
    };
    if let Ok(origin) = origin {
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    }
    if matches!(cors.origin, CorsOrigin::Fixed(_)) {
        headers.insert(VARY, HeaderValue::from_static("Origin"));
    }
    if cors.credentials {
        headers.insert(ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
    }
}
