//! Answers, byte for byte those of the reference server.

use std::borrow::Cow;

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONNECTION, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderValue, Response, StatusCode};
use http_body_util::Full;

/// An answer.
pub(super) type Reply = Response<Full<Bytes>>;

/// Why a request is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    UnknownTransport,
    UnknownSession,
    BadMethod,
    BadRequest,
    UnsupportedVersion,
    /// The product does not let it in.
    Forbidden(Cow<'static, str>),
    /// No connection is taken now: the node is full, or going down.
    Unavailable,
    /// The address has as many connections as it may.
    TooMany,
}

impl Fault {
    fn code_and_text(&self) -> (u8, &str) {
        match self {
            Self::UnknownTransport => (0, "Transport unknown"),
            Self::UnknownSession => (1, "Session ID unknown"),
            Self::BadMethod => (2, "Bad handshake method"),
            Self::BadRequest => (3, "Bad request"),
            Self::UnsupportedVersion => (5, "Unsupported protocol version"),
            Self::Forbidden(message) => (4, message),
            Self::Unavailable => (4, "Service unavailable"),
            Self::TooMany => (4, "Too many connections"),
        }
    }

    /// The answer: to an upgrade the bare text, else JSON.
    pub(super) fn response(self, upgrade: bool) -> Reply {
        let (code, text) = self.code_and_text();
        let status = match self {
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            Self::TooMany => StatusCode::TOO_MANY_REQUESTS,
            // An upgrade is refused with 400 whatever the reason.
            Self::Forbidden(_) if !upgrade => StatusCode::FORBIDDEN,
            _ => StatusCode::BAD_REQUEST,
        };
        let (kind, body) = if upgrade {
            ("text/html", text.to_owned())
        } else {
            let message = serde_json::Value::from(text);
            ("application/json", format!("{{\"code\":{code},\"message\":{message}}}"))
        };
        let mut response = with(status, kind, body);
        if upgrade {
            response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        }
        if matches!(self, Self::Unavailable | Self::TooMany) {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
        }
        response
    }
}

/// 200 with a polling payload.
pub(super) fn payload(body: String) -> Reply {
    let mut response = with(StatusCode::OK, "text/plain; charset=UTF-8", body);
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// 200 to a POST.
pub(super) fn ok() -> Reply {
    with(StatusCode::OK, "text/html", "ok".to_owned())
}

/// A status and nothing else.
pub(super) fn empty(status: StatusCode) -> Reply {
    let mut response = Response::new(Full::default());
    *response.status_mut() = status;
    response
}

fn with(status: StatusCode, kind: &'static str, body: String) -> Reply {
    let mut response = Response::new(Full::from(body));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}
