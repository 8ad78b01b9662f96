//! Users who are operators: what they may see and do over the API is more than a chat's.
//!
//! Who is one is decided by the operator's command, beside the server; it is asked for each time, so
//! it holds from the commit on.

use crate::App;
use crate::caller::Caller;
use crate::error::Result;
use crate::store::Denied;

impl App {
    /// Whether the caller is an operator.
    ///
    /// # Errors
    /// `Forbidden` if not, or the store's.
    pub async fn check_operator(&self, caller: Caller) -> Result<()> {
        if self.store().is_operator(caller.user).await? {
            return Ok(());
        }
        Err(Denied::NotAnOperator.into())
    }
}
