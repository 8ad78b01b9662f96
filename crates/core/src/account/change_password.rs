//! Changing one's own password.

use std::sync::Arc;

use zvon_protocol::error::Code;
use zvon_protocol::rest::ChangePassword;

use super::rules::check_password;
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
        if !self.hasher.verify(body.current_password, hash).await? {
            return Err(Error::Refused(Code::Forbidden, "The present password is another one"));
        }
        let hash = self.hasher.hash(body.new_password).await?;
        let (user, own) = (caller.user, Some(caller.session));
        let end = End { at: self.now(), reason: Reason::PasswordChanged };
        let ended = self.store().change_password(user, &hash, own, end).await?;
        tracing::info!(user.id = %user, "a password was changed");
        self.ended(user, &ended, end.reason);
        Ok(())
    }
}
