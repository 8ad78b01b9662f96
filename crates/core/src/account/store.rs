//! Accounts, durable.

use async_trait::async_trait;
use zvon_protocol::ids::{SessionId, UserId};
use zvon_protocol::time::Timestamp;

use super::Account;
use crate::session::store::End;
use crate::store::StoreResult;

/// A new account.
#[derive(Clone, Debug)]
pub struct NewAccount {
    /// The account.
    pub account: Account,
    /// PHC or bcrypt string.
    pub password_hash: String,
}

/// Who asks for another password: the session, and the hash whose password it knew.
#[derive(Clone, Copy, Debug)]
pub struct Proof<'a> {
    /// Of the account.
    pub session: SessionId,
    /// Of the account, when it was verified.
    pub hash: &'a str,
}

/// Accounts, durable. E-mail addresses are unique as given (case-sensitive).
#[async_trait]
pub trait AccountStore: Send + Sync {
    /// Stores it; `false` if the address is taken.
    async fn create_account(&self, new: &NewAccount) -> StoreResult<bool>;

    /// The account of that exact address with its hash; failing that, the one whose address
    /// differs only by case, if it is the only one.
    async fn account_by_email(&self, email: &str) -> StoreResult<Option<(Account, String)>>;

    /// Those of the ids that exist, in any order.
    async fn accounts(&self, ids: &[UserId]) -> StoreResult<Vec<Account>>;

    /// Up to `limit` accounts by name then id, whose name or address starts with `prefix`
    /// (case-insensitive, all if `None`).
    async fn list_accounts(&self, prefix: Option<&str>, limit: u32) -> StoreResult<Vec<Account>>;

    /// How many there are, counted no further than `most`.
    async fn count_accounts(&self, most: u64) -> StoreResult<u64>;

    /// Replaces the hash by another of the same password, if it is still `from`; whether it was.
    async fn rehash(&self, id: UserId, from: &str, to: &str) -> StoreResult<bool>;

    /// Replaces the hash and ends the account's sessions but the one that asks, in one; those that
    /// ended. `None` if whoever asks may not any more: their session is over, or the hash they
    /// proved to know is another one now. Without `by` it is an operator, who may.
    async fn change_password(
        &self,
        id: UserId,
        hash: &str,
        by: Option<Proof<'_>>,
        end: End,
    ) -> StoreResult<Option<Vec<SessionId>>>;

    /// Lets the account be used no more (`disabled`), or again, from `at` on. In the first case its
    /// sessions end, by an operator; those that ended. Since when it is so stays, if it was so.
    async fn set_disabled(
        &self,
        id: UserId,
        at: Timestamp,
        disabled: bool,
    ) -> StoreResult<Vec<SessionId>>;

    /// Makes a user an operator from `at` on, or none any more; whether that changed anything. Nobody
    /// who does not exist becomes one.
    async fn set_operator(&self, id: UserId, at: Timestamp, operator: bool) -> StoreResult<bool>;

    /// Whether the user is an operator and their account may be used.
    async fn is_operator(&self, id: UserId) -> StoreResult<bool>;

    /// All operators, by since when they are.
    async fn operators(&self) -> StoreResult<Vec<UserId>>;

    /// Records when users were last online; never moves backwards.
    async fn set_last_seen(&self, seen: &[(UserId, Timestamp)]) -> StoreResult<()>;
}
