//! Request bodies: JSON or urlencoded, at most 100 kB; anything else counts as empty.

use std::time::Duration;

use axum::body::to_bytes;
use axum::extract::{FromRequest, Request};
use http::StatusCode;
use http::header::CONTENT_TYPE;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::error::HttpError;

/// Most bytes of a body.
const MOST: usize = 100 * 1024;
/// How long a body may take: one that never ends is not kept.
const PATIENCE: Duration = Duration::from_secs(30);

/// A typed body.
pub(crate) struct Body<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = HttpError;

    async fn from_request(request: Request, _state: &S) -> Result<Self, HttpError> {
        let kind = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let kind = kind.unwrap_or_default().to_ascii_lowercase();
        let kind = kind.split(';').next().unwrap_or_default().trim();
        let late = |_| HttpError::new(StatusCode::REQUEST_TIMEOUT, "The body took too long");
        let read = tokio::time::timeout(PATIENCE, to_bytes(request.into_body(), MOST)).await;
        let bytes = read.map_err(late)?.map_err(|_| {
            HttpError::new(StatusCode::PAYLOAD_TOO_LARGE, "request entity too large")
        })?;
        let value = match kind {
            "application/json" if !bytes.is_empty() => serde_json::from_slice(&bytes)
                .map_err(|error| HttpError::bad_request(plain(&error)))?,
            "application/x-www-form-urlencoded" => form(&bytes),
            _ => Value::Object(Map::new()),
        };
        if !value.is_object() {
            return Err(HttpError::bad_request("The body must be a JSON object"));
        }
        serde_json::from_value(value).map(Self).map_err(|e| HttpError::bad_request(plain(&e)))
    }
}

fn form(bytes: &[u8]) -> Value {
    let fields = form_urlencoded::parse(bytes);
    Value::Object(fields.map(|(name, value)| (name.into_owned(), value.into())).collect())
}

/// What is wrong with a payload, without where in the text it is.
pub(crate) fn plain(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.split(" at line ").next().unwrap_or_default().to_owned()
}
