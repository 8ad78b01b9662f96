//! Refusals: one code, one plain sentence, and what else the client can use.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::time::Timestamp;

/// A stable, machine-readable reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[ts(export)]
pub enum Code {
    /// The payload is missing, ill-typed or too long.
    Invalid,
    /// The thing does not exist, or is none of the caller's business.
    NotFound,
    /// It exists, and the caller may not.
    Forbidden,
    /// It clashes with what is there.
    Conflict,
    /// Too many in this window; see `retryAfterMs`.
    RateLimited,
    /// No token, or not a valid one.
    Unauthorized,
    /// The token's life is over.
    TokenExpired,
    /// The session was ended.
    SessionRevoked,
    /// The account does not exist any more.
    UserUnknown,
    /// The server cannot do it now; trying again is safe.
    Unavailable,
    /// A fault of the server.
    Internal,
}

/// The failure ack of a command.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct Refusal {
    /// Always `"error"`.
    pub status: ErrorTag,
    /// A sentence for people.
    pub message: String,
    /// A word for programs.
    pub code: Code,
    /// How long to wait, if waiting helps.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[ts(optional, type = "number")]
    pub retry_after_ms: Option<u64>,
    /// The prototype's shape of the same text, given for `message`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[ts(optional)]
    pub error: Option<ErrorText>,
}

/// `{message}` inside [`Refusal::error`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
pub struct ErrorText {
    /// The sentence again.
    pub message: String,
}

/// `exception`: the same refusal in the prototype's shape, also where no ack was asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
pub struct Exception {
    /// What went wrong.
    pub error: ExceptionError,
    /// When.
    pub timestamp: Timestamp,
}

/// Inside [`Exception`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
pub struct ExceptionError {
    /// The HTTP status that says the same.
    pub status: u16,
    /// The refusal.
    pub message: ExceptionMessage,
}

/// Inside [`ExceptionError`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ExceptionMessage {
    /// A sentence for people.
    pub message: String,
    /// The status's reason phrase.
    pub error: String,
    /// The status again.
    pub status_code: u16,
    /// How long to wait, if waiting helps.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub retry_after_ms: Option<u64>,
}

/// The literal `"error"`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[ts(export)]
pub enum ErrorTag {
    /// `"error"`.
    #[default]
    Error,
}

/// The literal `"ok"`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[ts(export)]
pub enum OkTag {
    /// `"ok"`.
    #[default]
    Ok,
}
