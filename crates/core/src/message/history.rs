//! Reading a chat's past.

use std::sync::Arc;

use zvon_protocol::error::Code;
use zvon_protocol::ids::{ChatId, MessageId};
use zvon_protocol::message::Message;

use super::LogEvent;
use super::overlay::all_read;
use super::shelf::Extent;
use super::store::Page;
use crate::App;
use crate::caller::Caller;
use crate::chat::standing::Need;
use crate::delivery::store::Move;
use crate::error::{Error, Result};
use crate::limits::Class;
use crate::meters::Verb;

/// Most messages of one page.
const MOST: u32 = 1000;

impl App {
    /// One page of a chat's messages, ascending.
    ///
    /// # Errors
    /// [`Error::Outsider`], or the store's.
    pub async fn history(
        &self,
        caller: Caller,
        chat: ChatId,
        page: Page,
        limit: Option<u32>,
    ) -> Result<Vec<Message>> {
        let limit = limit.unwrap_or(self.settings.history_page).clamp(1, MOST);
        if !self.settings.cached {
            self.membership(caller, chat).await?;
            let rows = self.meters.timed(Verb::Page, self.store().page(chat, page, limit)).await?;
            return self.with_status(chat, rows).await;
        }
        let need = match page {
            Page::Before(seq) => Need::Past(seq.saturating_sub(1)),
            Page::Newest | Page::After(_) | Page::Around(_) => Need::Now,
        };
        let (mut standing, of_the_store) = self.standing_for(caller, chat, need).await?;
        let rows = self.shelved(chat, page, limit, Extent::of(&standing)).await?;
        if !of_the_store && !all_read(&standing, &rows) {
            standing = self.standing_for(caller, chat, Need::Now).await?.0;
        }
        self.shown(chat, &standing, rows).await
    }

    /// One message; for those outside its chat there is none.
    ///
    /// # Errors
    /// `NotFound`, or the store's.
    pub async fn message(&self, caller: Caller, id: MessageId) -> Result<Message> {
        let missing = || Error::not_found("Message not found");
        let row = self.store().message(id).await?.ok_or_else(missing)?;
        self.store().member(row.chat, caller.user).await?.ok_or_else(missing)?;
        self.one_with_status(row).await
    }

    /// The log after `after`, at most `limit` events; without asking who wants it.
    ///
    /// # Errors
    /// The store's.
    pub async fn log(&self, chat: ChatId, after: u64, limit: u32) -> Result<Vec<LogEvent>> {
        Ok(self.meters.timed(Verb::Events, self.store().events(chat, after, limit)).await?)
    }

    /// Marks everything up to a place as received, or as read; durable at the answer.
    ///
    /// # Errors
    /// The store's.
    pub async fn move_cursor(
        self: &Arc<Self>,
        caller: Caller,
        to: (ChatId, u64),
        read: bool,
    ) -> Result<()> {
        let (chat, seq) = to;
        let (user, session) = (caller.user, Some(caller.session));
        let read = if read { seq } else { 0 };
        self.cursors.move_now(Move { chat, user, session, delivered: seq, read }).await?;
        Ok(())
    }

    /// Where a message stands, if the caller may see it and it is somebody else's; `None` for
    /// one's own, which one neither receives nor reads.
    ///
    /// # Errors
    /// [`Error::Outsider`], or the store's.
    pub async fn place_of(&self, caller: Caller, id: MessageId) -> Result<Option<(ChatId, u64)>> {
        let row = self.visible(caller, id).await?;
        Ok((row.sender != caller.user).then_some((row.chat, row.seq)))
    }

    /// Counts a cursor move.
    ///
    /// # Errors
    /// `RateLimited`.
    pub async fn count_cursor(&self, caller: Caller) -> Result<()> {
        self.count(caller, Class::Cursor).await
    }
}

/// Reads the paging parameters of a history request: at most one of them.
///
/// # Errors
/// `Invalid`.
pub fn page_of(before: Option<u64>, after: Option<u64>, around: Option<u64>) -> Result<Page> {
    match (before, after, around) {
        (None, None, None) => Ok(Page::Newest),
        (Some(seq), None, None) => Ok(Page::Before(seq)),
        (None, Some(seq), None) => Ok(Page::After(seq)),
        (None, None, Some(seq)) => Ok(Page::Around(seq)),
        _ => Err(Error::Refused(Code::Invalid, "give one of before, after and around")),
    }
}
