//! Against guessing passwords.
//!
//! | counted | allowed in a minute | beyond it |
//! |---|---|---|
//! | tries from one address at one account | the configured limit | refused |
//! | tries from one address | ten times that | refused |
//! | tries at one account, from anywhere | twice that | each takes longer |
//!
//! An account is never closed to its owner by what others try: from their own address they get in,
//! a little later. All of it is counted by the address that was typed in, whether it belongs to an
//! account or not, so nothing of it tells which do.

use std::time::Duration;

use crate::App;
use crate::error::{Error, Result};
use crate::limits::Class;

/// How much longer a try takes at an account that is being guessed at.
const DELAY: Duration = Duration::from_millis(1500);

impl App {
    /// Counts a try to sign in; returns when it may be looked at.
    ///
    /// # Errors
    /// `RateLimited`.
    pub(super) async fn count_try(&self, address: &str, account: &str) -> Result<()> {
        // First, so that an address is remembered with so many accounts and no more.
        self.count_for(address, Class::SignInAddress).await?;
        self.count_for(&format!("{address} {account}"), Class::SignIn).await?;
        match self.count_for(account, Class::SignInAccount).await {
            Err(Error::Limited { .. }) => {
                tokio::time::sleep(DELAY).await;
                Ok(())
            }
            other => other,
        }
    }
}
