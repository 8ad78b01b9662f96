//! What may go wrong between a node and Redis.

use redis::{ErrorKind, RedisError, ServerErrorKind};

/// A call had no answer, or one that says no.
#[derive(Clone, Debug, thiserror::Error)]
pub enum LinkError {
    /// There is no connection, or none was tried because the last calls failed.
    #[error("Redis is away")]
    Away,
    /// No answer in time; whether the call had an effect is unknown.
    #[error("Redis did not answer in time")]
    Slow,
    /// The connection broke, or the server cannot answer now.
    #[error("Redis failed: {0}")]
    Broken(String),
    /// The server does not know that script yet.
    #[error("the script is not loaded")]
    Unloaded,
    /// The server understood, and refused.
    #[error("Redis refused: {0}")]
    Refused(String),
}

impl LinkError {
    /// Whether it speaks against the connection, not against the call.
    pub(super) fn is_failure(&self) -> bool {
        !matches!(self, Self::Refused(_) | Self::Unloaded)
    }
}

impl From<RedisError> for LinkError {
    fn from(error: RedisError) -> Self {
        if error.is_timeout() {
            return Self::Slow;
        }
        match error.kind() {
            ErrorKind::Server(ServerErrorKind::NoScript) => Self::Unloaded,
            ErrorKind::Io
            | ErrorKind::Parse
            | ErrorKind::ClusterConnectionNotFound
            | ErrorKind::AuthenticationFailed
            | ErrorKind::Server(
                ServerErrorKind::BusyLoading
                | ServerErrorKind::ClusterDown
                | ServerErrorKind::MasterDown
                | ServerErrorKind::ReadOnly
                | ServerErrorKind::TryAgain
                | ServerErrorKind::Moved
                | ServerErrorKind::Ask,
            ) => Self::Broken(error.to_string()),
            _ => Self::Refused(error.to_string()),
        }
    }
}
