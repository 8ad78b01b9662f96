//! What an operator does to accounts, beside the running server.
//!
//! Each is one short transaction of the store. From its commit on, the sessions it ended write
//! nothing; the server hears of them by itself and closes their sockets (`session::ends`).

use std::sync::Arc;

use zvon_protocol::error::Code;
use zvon_protocol::ids::UserId;

use super::Account;
use super::password::Hasher;
use super::rules::check_password;
use crate::clock::Clock;
use crate::error::{Error, Result};
use crate::session::store::End;
use crate::session::{Reason, Session};
use crate::store::Store;

/// Somebody with access to the store itself.
pub struct Operator {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    hasher: Hasher,
}

impl Operator {
    /// An operator of this store.
    #[must_use]
    pub fn new(store: Arc<dyn Store>, clock: Arc<dyn Clock>) -> Self {
        Self { store, clock, hasher: Hasher::new(1) }
    }

    /// The account of that id or address.
    ///
    /// # Errors
    /// `UserUnknown`, or the store's.
    pub async fn find(&self, who: &str) -> Result<Account> {
        let found = match who.parse::<UserId>() {
            Ok(id) => self.store.accounts(&[id]).await?.pop(),
            Err(_) => self.store.account_by_email(who).await?.map(|(account, _)| account),
        };
        let text = || format!("there is no account with the address or id {who:?}");
        found.ok_or_else(|| Error::RefusedWith(Code::UserUnknown, text()))
    }

    /// Up to `limit` accounts by name, those whose name or address starts with `prefix` if it is
    /// given.
    ///
    /// # Errors
    /// The store's.
    pub async fn list(&self, prefix: Option<&str>, limit: u32) -> Result<Vec<Account>> {
        Ok(self.store.list_accounts(prefix, limit).await?)
    }

    /// The account may not be used from now on; how many sessions that ended.
    ///
    /// # Errors
    /// The store's.
    pub async fn disable(&self, user: UserId) -> Result<usize> {
        Ok(self.store.set_disabled(user, self.clock.now(), true).await?.len())
    }

    /// The account may be used again.
    ///
    /// # Errors
    /// The store's.
    pub async fn enable(&self, user: UserId) -> Result<()> {
        self.store.set_disabled(user, self.clock.now(), false).await?;
        Ok(())
    }

    /// Makes the account's user an operator, or none any more; whether that changed anything.
    ///
    /// # Errors
    /// The store's.
    pub async fn set_operator(&self, user: UserId, operator: bool) -> Result<bool> {
        Ok(self.store.set_operator(user, self.clock.now(), operator).await?)
    }

    /// The accounts of all operators.
    ///
    /// # Errors
    /// The store's.
    pub async fn operators(&self) -> Result<Vec<Account>> {
        Ok(self.store.accounts(&self.store.operators().await?).await?)
    }

    /// Gives the account another password, of at least so many characters; how many sessions that
    /// ended.
    ///
    /// # Errors
    /// `Invalid`, or the store's.
    pub async fn reset_password(
        &self,
        user: UserId,
        password: String,
        least: usize,
    ) -> Result<usize> {
        check_password(&password, least)?;
        let hash = self.hasher.hash(password).await?;
        let ended = self.store.change_password(user, &hash, None, self.end()).await?;
        Ok(ended.unwrap_or_default().len())
    }

    /// The account's live sessions, last used first.
    ///
    /// # Errors
    /// The store's.
    pub async fn sessions(&self, user: UserId) -> Result<Vec<Session>> {
        Ok(self.store.sessions_of(user, self.clock.now()).await?)
    }

    /// Ends all of the account's sessions; how many.
    ///
    /// # Errors
    /// The store's.
    pub async fn revoke_sessions(&self, user: UserId) -> Result<usize> {
        Ok(self.store.revoke_sessions(user, None, self.end()).await?.len())
    }

    fn end(&self) -> End {
        End { at: self.clock.now(), reason: Reason::Operator }
    }
}
