//! Beginning a session, carrying it on, and being recognised by it.

use std::sync::Arc;

use tokio::time::Instant;
use uuid::Uuid;
use zvon_protocol::error::Code;
use zvon_protocol::ids::{SessionId, UserId};
use zvon_protocol::time::Timestamp;

use super::refresh::{self, Presented};
use super::store::{Rotation, Use};
use super::{Reason, Refresh, Session};
use crate::App;
use crate::account::Account;
use crate::account::sign_in::Origin;
use crate::cache::Kind;
use crate::caller::Caller;
use crate::error::{Error, Result};
use crate::meters::Verb;
use crate::outbox::gather;

/// What a valid access token claims.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The session it is bound to.
    pub session: SessionId,
    /// Whose it is.
    pub user: UserId,
    /// When the token ends.
    pub expires_at: Timestamp,
    /// Whether it knows of no session (the existing back end's): it is given one of its own, whose
    /// id is derived from it, so that it can be listed and ended like any other.
    pub legacy: bool,
}

impl App {
    /// Whether the claimed session is live, and who it is.
    ///
    /// # Errors
    /// `UserUnknown`, `SessionRevoked`, or the store's.
    pub async fn authenticate(&self, claim: Claim) -> Result<(Caller, Account)> {
        let caller = Caller { session: claim.session, user: claim.user };
        let now = self.now();
        if self.settings.cached
            && let Some(look) = self.known.live(claim.session, now)
            && look.1.user == claim.user
        {
            self.meters.cache_hit(Kind::Session, 1);
            self.live.used(&look.1, now);
            return Ok((caller, look.0.clone()));
        }
        let asked = Instant::now();
        let (account, session) = self.look_at(claim).await?;
        self.live.used(&session, now);
        if self.settings.cached {
            self.meters.cache_filled(Kind::Session, 1);
            self.known.looked(Arc::new((account.clone(), session)), asked);
        }
        Ok((caller, account))
    }

    /// The same by the store's word.
    async fn look_at(&self, claim: Claim) -> Result<(Account, Session)> {
        let refused = |code| Error::Refused(code, "User not found");
        let ids = [claim.user];
        let known = self.meters.timed(Verb::Authenticate, self.store().accounts(&ids)).await?.pop();
        let account = known
            .filter(|account| account.disabled_at.is_none())
            .ok_or_else(|| refused(Code::UserUnknown))?;
        let found = self.meters.timed(Verb::Authenticate, self.store().session(claim.session));
        let mut found = found.await?;
        if found.is_none() && claim.legacy {
            self.adopt(claim).await?;
            found = self.store().session(claim.session).await?;
        }
        let (user, now) = (claim.user, self.now());
        let found = found.filter(|found| found.user == user && found.is_live(now));
        Ok((account, found.ok_or_else(|| refused(Code::SessionRevoked))?))
    }

    /// Takes a refresh token: the session goes on, and its next token is the good one.
    ///
    /// # Errors
    /// `Unauthorized` for everything that is not the good one; a copy ends the session. Or the
    /// store's.
    pub async fn refresh(&self, token: &[u8]) -> Result<(Account, Session)> {
        let rotated = self.rotate(token).await;
        self.meters.refreshes.outcome(&rotated);
        rotated
    }

    async fn rotate(&self, token: &[u8]) -> Result<(Account, Session)> {
        let refused = || Error::Refused(Code::Unauthorized, "The session has ended");
        let presented = Presented::parse(token).ok_or_else(refused)?;
        let key = &self.settings.cluster_key;
        let found = self.store().session(presented.session).await?;
        let found = found.filter(|found| presented.is_of(key, found)).ok_or_else(refused)?;
        let known = self.store().accounts(&[found.user]).await?.pop();
        let account = known.filter(|a| a.disabled_at.is_none()).ok_or_else(refused)?;
        match self.store().rotate_session(self.use_of(found.id), presented.number).await? {
            Rotation::Rotated(session) => Ok((account, session)),
            Rotation::Reused(session) => {
                tracing::warn!(user.id = %session.user, session.id = %session.id,
                    "a refresh token came back: its session is ended");
                self.ended(session.user, &[session.id], Reason::TokenReused);
                Err(refused())
            }
            Rotation::Over => Err(refused()),
        }
    }

    /// The refresh token of a session that has one.
    #[must_use]
    pub fn refresh_token(&self, session: &Session) -> Option<[u8; refresh::BYTES]> {
        refresh::token(&self.settings.cluster_key, session)
    }

    pub(crate) async fn begin_session(
        self: &Arc<Self>,
        user: UserId,
        origin: &Origin,
        refreshed: bool,
    ) -> Result<Session> {
        let id = SessionId(Uuid::new_v4());
        let Use { seen_at, expires_at, .. } = self.use_of(id);
        let session = Session {
            id,
            user,
            created_at: seen_at,
            seen_at,
            expires_at,
            revoked_at: None,
            device: gather::device(&origin.device),
            address: origin.address.clone(),
            refresh: refreshed.then(|| Refresh { nonce: Uuid::new_v4(), number: 0 }),
        };
        self.store_session(&session).await?;
        Ok(session)
    }

    async fn adopt(&self, claim: Claim) -> Result<()> {
        let now = self.now();
        let session = Session {
            id: claim.session,
            user: claim.user,
            created_at: now,
            seen_at: now,
            expires_at: claim.expires_at,
            revoked_at: None,
            device: String::new(),
            address: String::new(),
            refresh: None,
        };
        self.store_session(&session).await
    }

    async fn store_session(&self, session: &Session) -> Result<()> {
        let most = self.settings.sessions_max;
        let ended = self.store().create_session(session, most).await?;
        self.meters.began();
        self.ended(session.user, &ended, Reason::Replaced);
        Ok(())
    }

    /// A use of the session now.
    fn use_of(&self, session: SessionId) -> Use {
        let now = self.now();
        Use { session, seen_at: now, expires_at: now.plus_millis(self.live.life()) }
    }
}
