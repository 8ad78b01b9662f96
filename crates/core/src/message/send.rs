//! Sending a message.

use std::sync::Arc;

use zvon_protocol::error::Code;
use zvon_protocol::ids::{ChatId, MessageId};
use zvon_protocol::message::{Message, Status};

use super::store::{Append, Appended};
use super::{Forward, rules};
use crate::App;
use crate::caller::Caller;
use crate::error::{Error, Result};
use crate::limits::Class;

impl App {
    /// Sends a text. Answers after it is committed and queued to this node's sockets; with a
    /// client id, sending it again answers the first result.
    ///
    /// # Errors
    /// `Invalid`, `RateLimited`, [`Error::Outsider`], `Conflict` (the client id was used in
    /// another chat), `SessionRevoked`, or the store's.
    pub async fn send(
        self: &Arc<Self>,
        caller: Caller,
        chat: ChatId,
        content: String,
        client_id: Option<String>,
    ) -> Result<Message> {
        rules::check_text(&content, self.settings.text_max)?;
        if let Some(id) = &client_id {
            rules::check_client_id(id)?;
        }
        self.count(caller, Class::Message).await?;
        self.put(caller, chat, content, client_id, None).await
    }

    /// Puts a checked text into a chat's log.
    pub(crate) async fn put(
        &self,
        caller: Caller,
        chat: ChatId,
        content: String,
        client_id: Option<String>,
        forward: Option<Forward>,
    ) -> Result<Message> {
        let id = rules::message_id(&self.settings.cluster_key, caller.user, client_id.as_deref());
        let append = Append {
            chat,
            session: caller.session,
            sender: caller.user,
            id,
            client_id,
            content,
            forward,
            present: Vec::new(),
            known: None,
        };
        match self.lanes.append(append.clone()).await? {
            Appended::Stored { seq, msg_no, at, delivered } => {
                self.sequencer.caught_up(chat, seq).await;
                let status = if delivered { Status::Delivered } else { Status::Sent };
                Ok(append.stored(seq, msg_no, at).to_wire(status))
            }
            Appended::Repeated(row) => self.one_with_status(row).await,
            Appended::Elsewhere => {
                Err(Error::Refused(Code::Conflict, "clientId was used in another chat"))
            }
            Appended::Denied(denied) => Err(denied.into()),
            Appended::Rejected => Err(Error::invalid("The message cannot be stored")),
        }
    }

    /// A message that the caller may see.
    pub(crate) async fn visible(&self, caller: Caller, id: MessageId) -> Result<super::MessageRow> {
        let row = self.store().message(id).await?;
        let row = row.ok_or(Error::Outsider)?;
        self.membership(caller, row.chat).await?;
        Ok(row)
    }
}
