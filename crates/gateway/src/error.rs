//! The only mapping from domain errors to HTTP statuses and Socket.IO acks.

use std::time::Duration;

use http::StatusCode;
use serde_json::Value;
use zvon_core::error::Error;
use zvon_protocol::catalogue::CommandName;
use zvon_protocol::command::{ChatLeaveRefused, UsersListRefused};
use zvon_protocol::error::{
    Code, ErrorTag, ErrorText, Exception, ExceptionError, ExceptionMessage, Refusal,
};
use zvon_protocol::time::Timestamp;

/// An answer of a route that is not its success. `crate::http::envelope` gives it its body.
#[derive(Clone, Debug)]
pub(crate) struct HttpError {
    pub(crate) status: StatusCode,
    pub(crate) message: String,
    /// The reason phrase, where the contract has one.
    pub(crate) error: Option<&'static str>,
    pub(crate) code: Option<Code>,
    pub(crate) retry_after: Option<Duration>,
}

impl HttpError {
    /// With a text of its own.
    pub(crate) fn new(status: StatusCode, message: impl Into<String>) -> Self {
        let error = status.canonical_reason();
        Self { status, message: message.into(), error, code: None, retry_after: None }
    }

    /// 401 as a guard says it: without a reason.
    pub(crate) fn unauthorized() -> Self {
        let bare = Self::new(StatusCode::UNAUTHORIZED, "Unauthorized");
        Self { error: None, ..bare }
    }

    /// 403 with a text.
    pub(crate) fn forbidden(message: &str) -> Self {
        Self::new(StatusCode::FORBIDDEN, message)
    }

    /// 400 with a text.
    pub(crate) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, message)
    }
}

impl From<Error> for HttpError {
    fn from(error: Error) -> Self {
        log(&error);
        if matches!(error, Error::Outsider) {
            // A path names a chat: for those outside there is nothing at it.
            return Error::not_found("Chat not found").into();
        }
        let code = error.code();
        let retry_after = match &error {
            Error::Limited { retry_after } => Some(*retry_after),
            _ => None,
        };
        let mut answer = Self::new(status(code), error.text());
        if code == Code::RateLimited {
            answer = Self { message: "Too Many Requests".to_owned(), error: None, ..answer };
        }
        Self { code: Some(code), retry_after, ..answer }
    }
}

/// The HTTP status of a code.
fn status(code: Code) -> StatusCode {
    match code {
        Code::Invalid => StatusCode::BAD_REQUEST,
        Code::NotFound => StatusCode::NOT_FOUND,
        Code::Forbidden => StatusCode::FORBIDDEN,
        Code::Conflict => StatusCode::CONFLICT,
        Code::RateLimited => StatusCode::TOO_MANY_REQUESTS,
        Code::Unauthorized | Code::TokenExpired | Code::SessionRevoked | Code::UserUnknown => {
            StatusCode::UNAUTHORIZED
        }
        Code::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        Code::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// The failure ack of a command, in the shape that command has for it.
pub(crate) fn failure_ack(command: CommandName, error: &Error) -> Value {
    let refusal = refusal(command, error);
    // Who is told to wait is told how long, whatever the command's own shape.
    let limited = (refusal.code == Code::RateLimited).then(|| refusal.clone());
    let ack = match command {
        CommandName::ChatGet => serde_json::to_value(limited),
        CommandName::ChatLeave => {
            serde_json::to_value(ChatLeaveRefused { success: false, refusal: limited })
        }
        CommandName::UsersList => {
            serde_json::to_value(UsersListRefused { users: Vec::new(), refusal: limited })
        }
        _ => serde_json::to_value(refusal),
    };
    ack.unwrap_or(Value::Null)
}

fn refusal(command: CommandName, error: &Error) -> Refusal {
    let message = error.text();
    let of_old = command == CommandName::Message;
    let error_text = of_old.then(|| ErrorText { message: message.clone() });
    Refusal {
        status: ErrorTag::Error,
        message,
        code: error.code(),
        retry_after_ms: retry_after_ms(error),
        error: error_text,
    }
}

fn retry_after_ms(error: &Error) -> Option<u64> {
    let Error::Limited { retry_after } = error else { return None };
    Some(u64::try_from(retry_after.as_millis()).unwrap_or(u64::MAX).max(1))
}

/// The payload of `exception`.
pub(crate) fn exception(error: &Error, at: Timestamp) -> Exception {
    log(error);
    let status = status(error.code());
    let message = ExceptionMessage {
        message: error.text(),
        error: status.canonical_reason().unwrap_or_default().to_owned(),
        status_code: status.as_u16(),
        retry_after_ms: retry_after_ms(error),
    };
    let error = ExceptionError { status: status.as_u16(), message };
    Exception { error, timestamp: at }
}

/// A failure of the store is logged here, once; a refusal is none.
fn log(error: &Error) {
    if let Error::Store(cause) = error {
        tracing::error!(error = %cause, "a request failed");
    }
}
