//! The error envelope: every HTTP error has the same body, with the path it was about.

use std::any::Any;
use std::time::Duration;

use axum::Json;
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, RETRY_AFTER};
use http::{HeaderValue, Method, StatusCode, Uri};
use serde_json::{Map, Value};
use zvon_core::clock::{Clock, SystemClock};
use zvon_protocol::rest::Envelope;

use crate::error::HttpError;

/// Fills the bodies of errors, which only here know their request.
pub(crate) async fn fill(request: Request, next: Next) -> Response {
    let (method, uri) = (request.method().clone(), request.uri().clone());
    let response = next.run(request).await;
    match response.extensions().get::<HttpError>().cloned() {
        Some(error) => {
            let mut filled = body(&error, &method, &uri, extra(&response));
            if let Some(control) = response.headers().get(CACHE_CONTROL) {
                filled.headers_mut().insert(CACHE_CONTROL, control.clone());
            }
            filled
        }
        None => response,
    }
}

/// Fields of the answer's own that are merged over the envelope's.
#[derive(Clone)]
pub(crate) struct Extra(pub(crate) Map<String, Value>);

fn extra(response: &Response) -> Map<String, Value> {
    response.extensions().get::<Extra>().map(|extra| extra.0.clone()).unwrap_or_default()
}

impl IntoResponse for HttpError {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

fn body(error: &HttpError, method: &Method, uri: &Uri, extra: Map<String, Value>) -> Response {
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    let millis = |after: Duration| u64::try_from(after.as_millis()).unwrap_or(u64::MAX).max(1);
    let envelope = Envelope {
        status_code: error.status.as_u16(),
        timestamp: SystemClock.now(),
        path: path.to_owned(),
        method: method.to_string(),
        message: error.message.clone(),
        error: error.error.map(str::to_owned),
        code: error.code,
        retry_after_ms: error.retry_after.map(millis),
    };
    let mut fields = match serde_json::to_value(envelope) {
        Ok(Value::Object(fields)) => fields,
        _ => Map::new(),
    };
    fields.extend(extra);
    let mut response = (error.status, Json(Value::Object(fields))).into_response();
    if let Some(after) = error.retry_after {
        let seconds = HeaderValue::from(after.as_millis().div_ceil(1000).max(1) as u64);
        response.headers_mut().insert(RETRY_AFTER, seconds);
    }
    response
}

/// The answer when a route panics: the process goes on, the caller learns nothing.
pub(crate) fn panicked(cause: Box<dyn Any + Send>) -> Response {
    let text = cause.downcast_ref::<&str>().copied().unwrap_or("no text");
    tracing::error!(panic = text, "a route panicked");
    let error = HttpError::new(StatusCode::INTERNAL_SERVER_ERROR, "Internal server error");
    HttpError { error: None, ..error }.into_response()
}
