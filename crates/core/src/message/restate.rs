//! Statuses that one socket may not have heard in the right order.
//!
//! A history or a replay is read at one moment and shown at a later one. A status that is told in
//! between comes before the message it is about, and is lost on a client that takes the message as
//! it is shown. So after the showing, what has come further is told again.

use zvon_protocol::event::MessageStatus;
use zvon_protocol::ids::{ChatId, MessageId};
use zvon_protocol::message::{Message, Status};

use super::status::reach;
use crate::App;
use crate::caller::Caller;
use crate::error::Result;

/// One of the caller's own messages, as it was shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shown {
    id: MessageId,
    seq: u64,
    status: Status,
}

impl Shown {
    /// The message as it was shown, if it is the caller's own.
    #[must_use]
    pub fn own(message: &Message, caller: Caller) -> Option<Self> {
        let Message { id, seq, status, .. } = *message;
        (message.sender_id == caller.user).then_some(Self { id, seq, status })
    }
}

impl App {
    /// Tells which of the caller's own messages have come further than they were shown. Nothing
    /// newer is told of them before it returns.
    ///
    /// # Errors
    /// The store's.
    pub async fn restate(
        &self,
        caller: Caller,
        chat: ChatId,
        shown: &[Shown],
        mut tell: impl FnMut(MessageStatus),
    ) -> Result<()> {
        if shown.is_empty() {
            return Ok(());
        }
        let _turn = self.notices.turn(chat).await;
        let reach = reach(&self.store().members(&[chat]).await?, caller.user);
        for Shown { id, seq, status } in shown {
            let now = reach.status(*seq);
            if now > *status {
                tell(MessageStatus { message_id: *id, status: now, timestamp: self.now() });
            }
        }
        Ok(())
    }

    /// The caller's own newest messages of a chat, as they were when they were sent.
    ///
    /// # Errors
    /// The store's.
    pub async fn own_newest(&self, caller: Caller, chat: ChatId) -> Result<Vec<Shown>> {
        const NEWEST: u32 = 50;
        let sent = self.store().sent_by(chat, caller.user, NEWEST).await?;
        let sent = sent.into_iter().map(|(id, seq)| Shown { id, seq, status: Status::Sent });
        Ok(sent.collect())
    }
}
