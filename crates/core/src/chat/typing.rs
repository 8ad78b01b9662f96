//! Typing: volatile, in no log.

use zvon_protocol::ids::ChatId;

use crate::App;
use crate::caller::Caller;
use crate::error::Result;
use crate::limits::Class;

impl App {
    /// Counts a notice of typing.
    ///
    /// # Errors
    /// `RateLimited`.
    pub async fn count_typing(&self, caller: Caller) -> Result<()> {
        self.count(caller, Class::Typing).await
    }

    /// Whether the caller may tell a chat that they type.
    ///
    /// # Errors
    /// [`Error::Outsider`](crate::error::Error::Outsider), or the store's.
    pub async fn check_typing(&self, caller: Caller, chat: ChatId) -> Result<()> {
        self.membership(caller, chat).await.map(drop)
    }
}
