//! The seam to presence: who has a live connection, anywhere.

pub mod watch;

use async_trait::async_trait;
use zvon_protocol::ids::UserId;
use zvon_protocol::time::Timestamp;

/// Presence could not be asked; callers go on without it.
#[derive(Debug, thiserror::Error)]
#[error("presence is unavailable: {0}")]
pub struct PresenceError(pub String);

/// A change that watchers should hear of, once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transition {
    /// Who.
    pub user: UserId,
    /// What they are now.
    pub online: bool,
    /// Rises with every transition of this user, also over a loss of all state
    /// (at least the clock in milliseconds); watchers apply only what is newer.
    pub version: u64,
    /// When.
    pub at: Timestamp,
}

/// Leases per connection. Online while any connection lives; offline `grace` after the last one
/// ended. Calls for one connection come from one task, in order.
#[async_trait]
pub trait Presence: Send + Sync {
    /// A connection began. `Some` if the user was offline for watchers until now. Repeating it
    /// changes nothing.
    async fn up(&self, user: UserId, connection: &str)
    -> Result<Option<Transition>, PresenceError>;

    /// A connection ended. Repeating it changes nothing. Nobody hears of it before the grace.
    async fn down(&self, user: UserId, connection: &str) -> Result<(), PresenceError>;

    /// Claims the users whose grace ran out: each transition is answered to exactly one caller,
    /// anywhere (again, if the caller does not come back for more: it may have died). Beginnings
    /// that could not be told by `up` at the time are among them. To be called about twice a
    /// second.
    async fn sweep(&self) -> Result<Vec<Transition>, PresenceError>;

    /// The last known state of each of the users, in their order; `None` if never seen.
    async fn states(&self, users: &[UserId]) -> Result<Vec<Option<Transition>>, PresenceError>;

    /// Everybody who is online, at most `limit`.
    async fn online(&self, limit: usize) -> Result<Vec<UserId>, PresenceError>;
}
