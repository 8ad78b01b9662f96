//! Changing one's own password.

use std::sync::Arc;

use zvon_protocol::error::Code;
use zvon_protocol::rest::ChangePassword;

use super::rules::check_password;
use super::store::Proof;
use crate::App;
use crate::caller::Caller;
use crate::error::{Error, Result};
use crate::limits::Class;
use crate::session::Reason;
use crate::session::store::End;

impl App {
    /// Replaces the caller's password; all of the caller's other sessions end.
    ///
    /// # Errors
    /// `Invalid`, `Forbidden` (the present password is another), `RateLimited`, or the store's.
    pub async fn change_password(
        self: &Arc<Self>,
        caller: Caller,
        email: &str,
        body: ChangePassword,
    ) -> Result<()> {
        check_password(&body.new_password, self.settings.password_min)?;
        self.count_for(&caller.user.to_string(), Class::SignIn).await?;
        let found = self.store().account_by_email(email).await?;
        let hash = found.filter(|(account, _)| account.id == caller.user).map(|(_, hash)| hash);
        let wrong = || Error::Refused(Code::Forbidden, "The present password is another one");
        let right = self.hasher.verify(body.current_password, hash.clone()).await?;
        let known = hash.filter(|_| right).ok_or_else(wrong)?;
        let fresh = self.hasher.hash(body.new_password).await?;
        let (user, session) = (caller.user, caller.session);
        let end = End { at: self.now(), reason: Reason::PasswordChanged };
        let by = Some(Proof { session, hash: &known });
        // Hashing takes its time: whoever was ended meanwhile changes nothing any more.
        let ended = self.store().change_password(user, &fresh, by, end).await?.ok_or_else(wrong)?;
        tracing::info!(user.id = %user, "a password was changed");
        self.ended(user, &ended, end.reason);
        Ok(())
    }
}
