//! Pinning and unpinning messages.

use std::sync::Arc;

use zvon_protocol::error::Code;
use zvon_protocol::ids::{ChatId, MessageId};
use zvon_protocol::message::Message;

use super::EventKind;
use super::overlay::{all_read, stated};
use crate::App;
use crate::caller::Caller;
use crate::chat::standing::Need;
use crate::error::{Error, Result};
use crate::limits::Class;
use crate::store::Denied;

impl App {
    /// Pins a message (or unpins it); the message after that.
    ///
    /// # Errors
    /// [`Error::Outsider`], `Conflict` (already so, or too many), `RateLimited`, or the store's.
    pub async fn set_pin(
        self: &Arc<Self>,
        caller: Caller,
        message: MessageId,
        pinned: bool,
    ) -> Result<Message> {
        self.count(caller, Class::Pin).await?;
        let app = Arc::clone(self);
        self.detached(async move {
            let author = caller.author(app.now());
            let verdict = if pinned {
                app.store().pin(author, message, app.settings.pins_max).await?
            } else {
                app.store().unpin(author, message).await?
            };
            let event = verdict.map_err(|denied| explain(denied, pinned))?;
            app.turned(event.chat, event.seq);
            let (EventKind::Pinned(row) | EventKind::Unpinned(row)) = event.kind.clone() else {
                return Err(Error::not_found("Message not found"));
            };
            let shown = app.one_with_status(row).await?;
            let (chat, seq) = (event.chat, event.seq);
            app.sequencer.committed(chat, vec![(event, shown.status)]);
            app.sequencer.caught_up(chat, seq).await;
            Ok(shown)
        })
        .await
    }

    /// The pinned messages of a chat, the newest pin first.
    ///
    /// # Errors
    /// [`Error::Outsider`], or the store's.
    pub async fn pinned(&self, caller: Caller, chat: ChatId) -> Result<Vec<Message>> {
        if !self.settings.cached {
            self.membership(caller, chat).await?;
            let pinned = self.store().pinned(chat).await?;
            return self.with_status(chat, pinned.rows).await;
        }
        let (mut standing, of_the_store) = self.standing_for(caller, chat, Need::Lately).await?;
        let (mut rows, head) = self.pinned_rows(chat, standing.pins).await?;
        // Statuses are the store's, and as new as what they are of.
        if head > standing.head || !(of_the_store || all_read(&standing, &rows)) {
            standing = self.standing_for(caller, chat, Need::Now).await?.0;
            rows = self.pinned_rows(chat, standing.pins).await?.0;
        }
        Ok(stated(&standing, &rows))
    }
}

fn explain(denied: Denied, pinned: bool) -> Error {
    let (code, text) = match denied {
        Denied::NoTarget => return Error::Outsider,
        Denied::AlreadySo if pinned => (Code::Conflict, "Message is already pinned"),
        Denied::AlreadySo => (Code::Conflict, "Message is not pinned"),
        Denied::Full => (Code::Conflict, "The chat has as many pinned messages as it may"),
        denied => return denied.into(),
    };
    Error::Refused(code, text)
}
