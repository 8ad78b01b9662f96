//! Forwarding messages into another chat.

use std::sync::Arc;

use zvon_protocol::error::Code;
use zvon_protocol::ids::{ChatId, MessageId};
use zvon_protocol::message::Message;

use super::{Forward, MessageRow, rules};
use crate::App;
use crate::caller::Caller;
use crate::error::{Error, Result};
use crate::limits::Class;

/// Most messages of one command.
const MOST: usize = 100;

impl App {
    /// Forwards one message, with a comment before it.
    ///
    /// # Errors
    /// `Forbidden`, `Invalid`, `RateLimited`, or the store's.
    pub async fn forward(
        self: &Arc<Self>,
        caller: Caller,
        message: MessageId,
        to: ChatId,
        comment: Option<&str>,
        client_id: Option<String>,
    ) -> Result<Message> {
        if let Some(id) = &client_id {
            rules::check_client_id(id)?;
        }
        self.count(caller, Class::Forward).await?;
        let source = self.forwardable(caller, message).await?;
        self.check_target(caller, to).await?;
        self.put_forward(caller, &source, to, comment, client_id).await
    }

    /// Forwards several in the given order; those that cannot be are left out.
    ///
    /// # Errors
    /// `Forbidden` (the target), `Invalid`, `RateLimited`, or the store's.
    pub async fn forward_multiple(
        self: &Arc<Self>,
        caller: Caller,
        messages: &[MessageId],
        to: ChatId,
        comment: Option<&str>,
    ) -> Result<Vec<Message>> {
        if messages.is_empty() || messages.len() > MOST {
            return Err(Error::invalid("messageIds must be 1 to 100 ids"));
        }
        self.count(caller, Class::Forward).await?;
        self.check_target(caller, to).await?;
        let mut forwarded = Vec::with_capacity(messages.len());
        let mut comment = comment;
        for message in messages {
            let source = match self.forwardable(caller, *message).await {
                Err(error) if is_passed_over(&error) => continue,
                source => source?,
            };
            match self.put_forward(caller, &source, to, comment, None).await {
                Err(error) if is_passed_over(&error) => continue,
                message => forwarded.push(message?),
            }
            comment = None;
        }
        Ok(forwarded)
    }

    async fn put_forward(
        &self,
        caller: Caller,
        source: &MessageRow,
        to: ChatId,
        comment: Option<&str>,
        client_id: Option<String>,
    ) -> Result<Message> {
        let text = rules::forwarded_text(&source.content, comment);
        rules::check_text(&text, self.settings.text_max)?;
        let original_sender = source.forward.map_or(source.sender, |f| f.original_sender);
        let forward = Forward { from: source.id, original_sender };
        self.put(caller, to, text, client_id, Some(forward)).await
    }

    async fn forwardable(&self, caller: Caller, id: MessageId) -> Result<MessageRow> {
        let row = self.store().message(id).await?;
        let hidden = || Error::forbidden("User does not have access to original message");
        let row = row.ok_or_else(hidden)?;
        match self.membership(caller, row.chat).await {
            Err(Error::Outsider) => Err(hidden()),
            found => found.map(|_| row),
        }
    }

    async fn check_target(&self, caller: Caller, to: ChatId) -> Result<()> {
        match self.membership(caller, to).await {
            Err(Error::Outsider) => {
                Err(Error::forbidden("User is not a participant of target chat"))
            }
            found => found.map(drop),
        }
    }
}

/// Whether the fault is one message's own: the others are forwarded all the same.
fn is_passed_over(error: &Error) -> bool {
    matches!(error.code(), Code::NotFound | Code::Forbidden | Code::Invalid)
}
