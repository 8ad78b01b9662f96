//! Signing up, in and out.

use std::sync::Arc;

use uuid::Uuid;
use zvon_protocol::error::Code;
use zvon_protocol::ids::{SessionId, UserId};
use zvon_protocol::rest::{Login, Register};

use super::password::is_outdated;
use super::store::NewAccount;
use super::{Account, rules};
use crate::App;
use crate::caller::Caller;
use crate::error::{Error, Result};
use crate::limits::Class;
use crate::session::Session;

/// The same words for an unknown address and a wrong password, as the existing front end has
/// always shown them.
const WRONG: &str = "Неверный email или пароль";

/// Where a sign-in comes from.
#[derive(Clone, Debug)]
pub struct Origin {
    /// The client's address.
    pub address: String,
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
        rules::check_sign_up(&body, self.settings.password_min)?;
        self.count_for(&origin.address, Class::SignUp).await?;
        let password_hash = self.hasher.hash(body.password).await?;
        let account = Account {
            id: UserId(Uuid::now_v7()),
            email: body.email.trim().to_owned(),
            name: body.name.trim().to_owned(),
            created_at: self.now(),
            last_seen: None,
        };
        let new = NewAccount { account, password_hash };
        if !self.store().create_account(&new).await? {
            return Err(Error::Refused(Code::Conflict, "User with this email already exists"));
        }
        tracing::info!(user.id = %new.account.id, "signed up");
        let session = self.begin_session(new.account.id, origin).await?;
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
        let email = body.email.trim();
        if email.len() > rules::EMAIL_MAX {
            // Nobody has such an address, and none is remembered by the limiter.
            return Err(Error::Refused(Code::Unauthorized, WRONG));
        }
        let subject = format!("{} {}", origin.address, email.to_lowercase());
        self.count_for(&subject, Class::SignIn).await?;
        let (account, hash) = self.store().account_by_email(email).await?.unzip();
        let right = self.hasher.verify(body.password.clone(), hash.clone()).await?;
        let (Some(account), Some(hash), true) = (account, hash, right) else {
            return Err(Error::Refused(Code::Unauthorized, WRONG));
        };
        if is_outdated(&hash) {
            let fresh = self.hasher.hash(body.password).await?;
            self.store().set_password(account.id, &fresh).await?;
        }
        let session = self.begin_session(account.id, origin).await?;
        Ok((account, session))
    }

    /// Ends the caller's own session: from the answer on it writes nothing, and its sockets
    /// close.
    ///
    /// # Errors
    /// The store's.
    pub async fn sign_out(&self, caller: Caller) -> Result<()> {
        self.store().revoke_session(caller.session, self.now()).await?;
        self.fanout.end_session(caller.session, "logout");
        tracing::info!(user.id = %caller.user, session.id = %caller.session, "signed out");
        Ok(())
    }

    /// Whether that session of that user is live, and who it is.
    ///
    /// # Errors
    /// `UserUnknown`, `SessionRevoked`, or the store's.
    pub async fn authenticate(
        &self,
        session: SessionId,
        user: UserId,
    ) -> Result<(Caller, Account)> {
        let refused = |code| Error::Refused(code, "User not found");
        let known = self.store().accounts(&[user]).await?.pop();
        let account = known.ok_or_else(|| refused(Code::UserUnknown))?;
        let found = self.store().session(session).await?;
        let live = found.is_some_and(|found| found.user == user && found.is_live(self.now()));
        if !live {
            return Err(refused(Code::SessionRevoked));
        }
        Ok((Caller { session, user }, account))
    }

    async fn begin_session(&self, user: UserId, origin: &Origin) -> Result<Session> {
        let now = self.now();
        let life = i64::try_from(self.settings.session_life.as_millis()).unwrap_or(i64::MAX);
        let session = Session {
            id: SessionId(Uuid::new_v4()),
            user,
            created_at: now,
            expires_at: now.plus_millis(life),
            revoked_at: None,
            device: origin.device.chars().take(256).collect(),
            address: origin.address.clone(),
        };
        self.store().create_session(&session).await?;
        Ok(session)
    }
}
