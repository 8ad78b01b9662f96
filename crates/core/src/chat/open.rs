//! Opening a private chat.

use std::sync::Arc;

use uuid::Uuid;
use zvon_protocol::error::Code;
use zvon_protocol::ids::{ChatId, UserId};
use zvon_protocol::message::Message;

use super::Chat;
use crate::App;
use crate::caller::Caller;
use crate::delivery::bus::News;
use crate::error::{Error, Result};
use crate::message::shelf::Extent;
use crate::message::store::Page;
use crate::store::Denied;

impl App {
    /// The caller's private chat with someone, made if there is none; whether it was made now.
    ///
    /// # Errors
    /// `NotFound` (no such user), `Invalid` (oneself), or the store's.
    pub async fn open_private(
        self: &Arc<Self>,
        caller: Caller,
        other: UserId,
    ) -> Result<(Chat, bool)> {
        if other == caller.user {
            return Err(Error::invalid("A private chat needs somebody else"));
        }
        let app = Arc::clone(self);
        self.detached(async move {
            let author = caller.author(app.now());
            let fresh = ChatId(Uuid::now_v7());
            let opened = app.store().open_private(author, other, fresh).await?;
            let (chat, events) = opened.map_err(|denied| match denied {
                Denied::NoTarget => {
                    Error::RefusedWith(Code::NotFound, format!("User with ID {other} not found"))
                }
                denied => denied.into(),
            })?;
            let made = !events.is_empty();
            if made {
                let seq = events.last().map_or(1, |event| event.seq);
                app.admitted(chat.id, &[(caller.user, seq), (other, seq)]).await;
            }
            Ok((chat, made))
        })
        .await
    }

    /// The newest messages of a chat, and the seq up to which nothing is missing from them. They
    /// are handed out only after everything before that seq has been handed to the chat's
    /// sockets, so what those hear later is later.
    ///
    /// # Errors
    /// The store's.
    pub async fn newest(&self, chat: ChatId) -> Result<(Vec<Message>, u64)> {
        if self.settings.cached {
            let standing = self.standing(chat).await?;
            let (most, log) = (self.settings.history_page, Extent::of(&standing));
            let rows = self.shelved(chat, Page::Newest, most, log);
            let messages = self.shown(chat, &standing, rows.await?).await?;
            self.sequencer.caught_up(chat, standing.head).await;
            return Ok((messages, standing.head));
        }
        let head = |heads: Vec<(ChatId, u64)>| heads.first().map_or(0, |(_, seq)| *seq);
        let before = head(self.store().heads(&[chat]).await?);
        let rows = self.store().page(chat, Page::Newest, self.settings.history_page).await?;
        let shown = rows.last().map_or(before, |row| row.seq.max(before));
        let messages = self.with_status(chat, rows).await?;
        self.sequencer.caught_up(chat, shown).await;
        Ok((messages, shown))
    }

    /// Users became members by this node's commit: they are told here and on the other nodes.
    pub(crate) async fn admitted(&self, chat: ChatId, users: &[(UserId, u64)]) {
        for (user, seq) in users {
            let news = News::Admitted { chat, user: *user, seq: *seq };
            self.backing.bus.publish(news);
        }
        self.introduce(chat, users).await;
    }

    /// Tells users of a chat that they are members of since the event of that seq, and lets the
    /// sockets that follow all of their chats follow it. Who has no socket here, or was told
    /// before, is passed over.
    pub(crate) async fn introduce(&self, chat: ChatId, users: &[(UserId, u64)]) {
        for (user, seq) in users {
            if !self.elsewhere.is_new((chat, *user, *seq)) || !self.fanout.is_here(*user) {
                continue;
            }
            let state = match self.chat_state(*user, chat).await {
                Ok(Some(state)) => state,
                Ok(None) => continue,
                Err(error) => {
                    tracing::warn!(chat.id = %chat, %error, "a new chat could not be announced");
                    self.elsewhere.owe((chat, *user, *seq));
                    continue;
                }
            };
            let admit = |_, replay: &[_]| self.fanout.admit(*user, &state, replay);
            if let Err(error) = self.sequencer.enter(chat, Some(state.last_seq), admit).await {
                tracing::warn!(chat.id = %chat, %error, "a new chat could not be followed");
                self.elsewhere.owe((chat, *user, *seq));
            }
        }
    }
}
