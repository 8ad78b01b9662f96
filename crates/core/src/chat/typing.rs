//! Typing: volatile, in no log.

use zvon_protocol::ids::ChatId;

use crate::App;
use crate::caller::Caller;
use crate::error::Result;
use crate::limits::Class;

impl App {
    /// Whether the caller may tell a chat that they type.
    ///
    /// # Errors
    /// `NotFound`, `Forbidden`, `RateLimited`, or the store's.
    pub async fn check_typing(&self, caller: Caller, chat: ChatId) -> Result<()> {
        self.count(caller, Class::Typing).await?;
        self.membership(caller, chat).await?;
        Ok(())
    }
}
