//! Ending sessions: from the answer on they write nothing, and their sockets close.

use zvon_protocol::ids::{SessionId, UserId};

use super::store::End;
use super::{Reason, Session};
use crate::App;
use crate::caller::Caller;
use crate::delivery::bus::News;
use crate::error::{Error, Result};

impl App {
    /// The caller's live sessions, last used first.
    ///
    /// # Errors
    /// The store's.
    pub async fn sessions(&self, caller: Caller) -> Result<Vec<Session>> {
        let now = self.now();
        let mut sessions = self.store().sessions_of(caller.user, now).await?;
        for session in &mut sessions {
            session.seen_at = session.seen_at.max(self.live.seen(session.id, now));
        }
        sessions.sort_by_key(|session| std::cmp::Reverse(session.seen_at));
        Ok(sessions)
    }

    /// Ends the caller's own session.
    ///
    /// # Errors
    /// The store's.
    pub async fn sign_out(&self, caller: Caller) -> Result<()> {
        let end = End { at: self.now(), reason: Reason::Logout };
        self.store().revoke_session(caller.session, end).await?;
        self.ended(caller.user, &[caller.session], end.reason);
        Ok(())
    }

    /// Ends one of the caller's sessions.
    ///
    /// # Errors
    /// `NotFound` if it is not there, not the caller's or over; or the store's.
    pub async fn end_session(&self, caller: Caller, session: SessionId) -> Result<()> {
        let missing = || Error::not_found("Session not found");
        let found = self.store().session(session).await?;
        found.filter(|found| found.user == caller.user).ok_or_else(missing)?;
        let end = End { at: self.now(), reason: Reason::Revoked };
        if !self.store().revoke_session(session, end).await? {
            return Err(missing());
        }
        self.ended(caller.user, &[session], end.reason);
        Ok(())
    }

    /// Ends all of the caller's sessions but the one that asks.
    ///
    /// # Errors
    /// The store's.
    pub async fn end_other_sessions(&self, caller: Caller) -> Result<usize> {
        let (user, own) = (caller.user, Some(caller.session));
        let end = End { at: self.now(), reason: Reason::Revoked };
        let ended = self.store().revoke_sessions(user, own, end).await?;
        self.ended(user, &ended, end.reason);
        Ok(ended.len())
    }

    /// Sessions were ended by this node: the others are told, and their sockets here close.
    pub(crate) fn ended(&self, user: UserId, sessions: &[SessionId], reason: Reason) {
        for session in sessions {
            tracing::info!(user.id = %user, session.id = %session, reason = reason.word(),
                "a session ended");
            self.meters.ended(reason);
            self.known.end(*session);
            self.live.end(*session);
            self.backing.bus.publish(News::Ended { session: *session, user, reason });
            self.fanout.end_session(*session, reason.word());
        }
    }
}
