//! Signing up and in.

use std::sync::Arc;

use uuid::Uuid;
use zvon_protocol::error::Code;
use zvon_protocol::ids::UserId;
use zvon_protocol::rest::{Login, Register};

use super::password::is_outdated;
use super::store::NewAccount;
use super::{Account, rules};
use crate::App;
use crate::error::{Error, Result};
use crate::limits::Class;
use crate::outbox::event::AccountKind;
use crate::outbox::gather;
use crate::session::store::End;
use crate::session::{Reason, Session};

/// The same words for an unknown address and a wrong password, as the existing front end has
/// always shown them.
const WRONG: &str = "Неверный email или пароль";

/// Where a sign-in comes from.
#[derive(Clone, Debug)]
pub struct Origin {
    /// The client's address, to be shown to its owner.
    pub address: String,
    /// What counts as its address: of IPv6 the subscriber's network.
    pub network: String,
    /// Its user agent.
    pub device: String,
}

impl App {
    /// Makes an account and its first session.
    ///
    /// # Errors
    /// `Invalid`, `Conflict` (the address is taken), `RateLimited`, or the store's.
    pub async fn sign_up(
        self: &Arc<Self>,
        body: Register,
        origin: &Origin,
    ) -> Result<(Account, Session)> {
        let made = self.make_account(body, origin).await;
        self.meters.sign_ups.outcome(&made);
        made
    }

    async fn make_account(
        self: &Arc<Self>,
        body: Register,
        origin: &Origin,
    ) -> Result<(Account, Session)> {
        rules::check_sign_up(&body, self.settings.password_min)?;
        self.count_for(&origin.network, Class::SignUp).await?;
        let password_hash = self.hasher.hash(body.password).await?;
        let account = Account {
            id: UserId(Uuid::now_v7()),
            email: body.email.trim().to_owned(),
            name: body.name.trim().to_owned(),
            created_at: self.now(),
            last_seen: None,
            disabled_at: None,
        };
        let new = NewAccount { account, password_hash };
        if !self.store().create_account(&new).await? {
            return Err(Error::Refused(Code::Conflict, "User with this email already exists"));
        }
        self.account_made().await;
        tracing::info!(user.id = %new.account.id, "signed up");
        let session = self.begin_session(new.account.id, origin, body.refresh).await?;
        Ok((new.account, session))
    }

    /// Makes a session for who knows the password.
    ///
    /// # Errors
    /// `Unauthorized`, `RateLimited`, or the store's.
    pub async fn sign_in(
        self: &Arc<Self>,
        body: Login,
        origin: &Origin,
    ) -> Result<(Account, Session)> {
        let known = self.let_in(body, origin).await;
        self.meters.sign_ins.outcome(&known);
        known
    }

    async fn let_in(self: &Arc<Self>, body: Login, origin: &Origin) -> Result<(Account, Session)> {
        let email = body.email.trim();
        if email.len() > rules::EMAIL_MAX {
            // Nobody has such an address, and none is remembered by the limiter.
            return Err(Error::Refused(Code::Unauthorized, WRONG));
        }
        self.count_try(&origin.network, &email.to_lowercase()).await?;
        let (account, hash) = self.store().account_by_email(email).await?.unzip();
        let right = self.hasher.verify(body.password.clone(), hash.clone()).await?;
        let known = account.as_ref().map(|account| account.id);
        let account = account.filter(|account| right && account.disabled_at.is_none());
        let Some((account, hash)) = account.zip(hash) else {
            return Err(self.refuse(known, origin));
        };
        let mut hash = hash;
        if self.settings.rehash && is_outdated(&hash) {
            let fresh = self.hasher.hash(body.password.clone()).await?;
            if self.store().rehash(account.id, &hash, &fresh).await? {
                hash = fresh;
            }
        }
        let session = self.begin_session(account.id, origin, body.refresh).await?;
        if !self.is_still_right(&account, &hash, body.password).await? {
            // It was let in by a password that was none any more, and began after the others ended.
            let end = End { at: self.now(), reason: Reason::PasswordChanged };
            self.store().revoke_session(session.id, end).await?;
            return Err(self.refuse(Some(account.id), origin));
        }
        Ok((account, session))
    }

    /// The same answer to everybody; of an account that exists the outbox tells it.
    fn refuse(&self, known: Option<UserId>, origin: &Origin) -> Error {
        if let Some(user) = known {
            let (address, device) = (origin.address.clone(), gather::device(&origin.device));
            self.gather.tell(user, AccountKind::SignInRefused { address, device });
        }
        Error::Refused(Code::Unauthorized, WRONG)
    }

    /// Whether the account was neither closed nor given another password since `hash` was read.
    async fn is_still_right(
        &self,
        account: &Account,
        hash: &str,
        password: String,
    ) -> Result<bool> {
        let found = self.store().account_by_email(&account.email).await?;
        let found = found.filter(|(now, _)| now.id == account.id && now.disabled_at.is_none());
        match found {
            None => Ok(false),
            Some((_, known)) if known == hash => Ok(true),
            // The same one hashed anew by a sign-in beside this one, or another.
            Some((_, known)) => self.hasher.verify(password, Some(known)).await,
        }
    }
}
