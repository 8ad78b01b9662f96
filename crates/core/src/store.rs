//! The seam to durable truth.
//!
//! One method = one transaction = one domain verb. A method returns after its commit is durable;
//! dropping its future may or may not have committed. Absence is `Option`, never an error; what
//! the rules forbid is a verdict in the answer; [`StoreError`] means that nobody knows.
//! Every method that changes a chat takes the chat's lock, assigns the next seq, writes the log
//! row, the state and one outbox row in the same transaction. So does every method that changes an
//! account, a session or a read cursor, with what it did as
//! [`AccountEvent`](crate::outbox::event::AccountEvent)s; what changed nothing leaves no row.
//!
//! The suite of `contract::store` holds every implementation to this.

use crate::account::store::AccountStore;
use crate::analytics::store::AnalyticsStore;
use crate::audit::store::AuditStore;
use crate::chat::store::ChatStore;
use crate::delivery::store::CursorStore;
use crate::job::store::JobStore;
use crate::message::store::MessageStore;
use crate::outbox::position::PositionStore;
use crate::outbox::store::OutboxStore;
use crate::retention::store::RetentionStore;
use crate::session::store::SessionStore;
use crate::webhook::store::WebhookStore;

/// All of the durable truth.
pub trait Store:
    AccountStore
    + SessionStore
    + ChatStore
    + MessageStore
    + CursorStore
    + OutboxStore
    + JobStore
    + AuditStore
    + WebhookStore
    + AnalyticsStore
    + PositionStore
    + RetentionStore
{
}

impl<T> Store for T where
    T: AccountStore
        + SessionStore
        + ChatStore
        + MessageStore
        + CursorStore
        + OutboxStore
        + JobStore
        + AuditStore
        + WebhookStore
        + AnalyticsStore
        + PositionStore
        + RetentionStore
{
}

/// The store could not say what happened.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// It is away, locked or full; the same call may be tried again.
    #[error("the store is unavailable: {0}")]
    Unavailable(String),
    /// It holds something it should not, or refused a statement.
    #[error("the store failed: {0}")]
    Broken(String),
}

/// What every method of a store answers.
pub type StoreResult<T> = Result<T, StoreError>;

/// The chat's changes are refused for one of these reasons, checked in this order, inside the
/// transaction and under the chat's lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Denied {
    /// The session is revoked or over.
    Revoked,
    /// No such chat.
    NoChat,
    /// The caller is not a current member.
    NotAMember,
    /// The caller is a member without the role for it.
    NotAnAdmin,
    /// The caller is no operator.
    NotAnOperator,
    /// It makes no sense in a private chat.
    NotAGroup,
    /// The message or user it is about is not there.
    NoTarget,
    /// It would leave the group without an admin.
    LastAdmin,
    /// It is already so: pinned, a member, of that role.
    AlreadySo,
    /// A configured maximum is reached.
    Full,
}

/// An answer with a rule's verdict in it.
pub type Verdict<T> = Result<T, Denied>;
