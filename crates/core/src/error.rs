//! What can go wrong in a use case, named by the domain; the gateway maps it to the wire.

use std::time::Duration;

use zvon_protocol::error::Code;

use crate::store::{Denied, StoreError};

/// A use case did not happen.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A rule forbids it: a code for programs and a sentence for people.
    #[error("{1}")]
    Refused(Code, &'static str),
    /// The same with a sentence made for the occasion.
    #[error("{1}")]
    RefusedWith(Code, String),
    /// The caller is not in the chat that this is about, or there is no such chat: whoever is
    /// outside does not learn which. Nor do they by the id of a message.
    #[error("User is not a participant of this chat")]
    Outsider,
    /// A limit is reached.
    #[error("Rate limit exceeded")]
    Limited {
        /// When the next try can succeed.
        retry_after: Duration,
    },
    /// The store could not say what happened; trying again with the same client id is safe.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Error {
    /// The payload is wrong.
    #[must_use]
    pub fn invalid(text: &'static str) -> Self {
        Self::Refused(Code::Invalid, text)
    }

    /// It is not there, or none of the caller's business.
    #[must_use]
    pub fn not_found(text: &'static str) -> Self {
        Self::Refused(Code::NotFound, text)
    }

    /// It is there, and the caller may not.
    #[must_use]
    pub fn forbidden(text: &'static str) -> Self {
        Self::Refused(Code::Forbidden, text)
    }

    /// The word for programs.
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            Self::Refused(code, _) | Self::RefusedWith(code, _) => *code,
            Self::Outsider => Code::Forbidden,
            Self::Limited { .. } => Code::RateLimited,
            Self::Store(_) => Code::Unavailable,
        }
    }

    /// The sentence for people: never what a database or library said.
    #[must_use]
    pub fn text(&self) -> String {
        match self {
            Self::Store(_) => "The server cannot do that right now, please try again".to_owned(),
            other => other.to_string(),
        }
    }
}

/// The contract's texts of what a store's verdict means for a chat.
impl From<Denied> for Error {
    fn from(denied: Denied) -> Self {
        let (code, text) = match denied {
            Denied::Revoked => (Code::SessionRevoked, "The session has ended"),
            Denied::NoChat | Denied::NotAMember => return Self::Outsider,
            Denied::NotAnAdmin => (Code::Forbidden, "Only an admin of the group can do that"),
            Denied::NotAnOperator => (Code::Forbidden, "Only an operator can do that"),
            Denied::NotAGroup => (Code::Invalid, "That is possible in groups only"),
            Denied::NoTarget => (Code::NotFound, "User not found"),
            Denied::LastAdmin => (Code::Conflict, "A group needs an admin: make another one first"),
            Denied::AlreadySo => (Code::Conflict, "It is so already"),
            Denied::Full => (Code::Conflict, "The configured maximum is reached"),
        };
        Self::Refused(code, text)
    }
}

/// What every use case answers.
pub type Result<T> = std::result::Result<T, Error>;
