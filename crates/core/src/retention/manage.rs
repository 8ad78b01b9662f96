//! How long a group keeps its messages: what its admins say, and what holds.

use std::sync::Arc;

use zvon_protocol::chat::Retention;
use zvon_protocol::ids::ChatId;
use zvon_protocol::rest::RetentionView;

use super::policy;
use crate::App;
use crate::caller::Caller;
use crate::chat::store::GroupChange;
use crate::error::{Error, Result};

impl App {
    /// Changes how long a group keeps its messages.
    ///
    /// # Errors
    /// As [`App::change_group`]; `Invalid`.
    pub async fn set_retention(
        self: &Arc<Self>,
        caller: Caller,
        chat: ChatId,
        wanted: Retention,
    ) -> Result<()> {
        let change = GroupChange::Keep(policy::check(wanted)?);
        self.change_group(caller, chat, change).await
    }

    /// How long a chat keeps its messages.
    ///
    /// # Errors
    /// [`Error::Outsider`], or the store's.
    pub async fn retention(&self, caller: Caller, chat: ChatId) -> Result<RetentionView> {
        self.membership(caller, chat).await?;
        let own = self.store().chat(chat).await?.ok_or(Error::Outsider)?.retention;
        Ok(RetentionView { own, effective: policy::effective(own, self.settings.retention) })
    }
}
