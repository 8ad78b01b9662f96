//! Groups: create, add, remove, leave, change roles and title.

use std::sync::Arc;

use uuid::Uuid;
use zvon_protocol::chat::ChatState;
use zvon_protocol::ids::{ChatId, UserId};
use zvon_protocol::message::Status;

use super::rules;
use super::standing::turning;
use super::store::{GroupChange, NewGroup};
use crate::App;
use crate::caller::Caller;
use crate::error::{Error, Result};
use crate::message::{EventKind, LogEvent};

impl App {
    /// Makes a group with the caller as its admin.
    ///
    /// # Errors
    /// `Invalid`, `NotFound` (an unknown user), or the store's.
    pub async fn create_group(
        self: &Arc<Self>,
        caller: Caller,
        title: &str,
        others: Vec<UserId>,
    ) -> Result<ChatState> {
        let title = rules::check_title(title)?;
        let members = rules::others(caller.user, others, self.settings.group_max)?;
        let app = Arc::clone(self);
        self.detached(async move {
            let group = NewGroup { id: ChatId(Uuid::now_v7()), title, members };
            let (chat, events) =
                app.store().create_group(caller.author(app.now()), &group).await??;
            let seq = events.last().map_or(1, |event| event.seq);
            app.went_on(chat.id, &events);
            let everyone = group.members.iter().chain([&caller.user]);
            let everyone: Vec<_> = everyone.map(|user| (*user, seq)).collect();
            app.admitted(chat.id, &everyone).await;
            let state = app.chat_state(caller.user, chat.id).await?;
            state.ok_or_else(|| Error::not_found("Chat not found"))
        })
        .await
    }

    /// Changes a group.
    ///
    /// # Errors
    /// The rules' (`Forbidden`, `NotFound`, `Conflict`, `Invalid`), or the store's.
    pub async fn change_group(
        self: &Arc<Self>,
        caller: Caller,
        chat: ChatId,
        change: GroupChange,
    ) -> Result<()> {
        let app = Arc::clone(self);
        self.detached(async move {
            let author = caller.author(app.now());
            let events = app
                .store()
                .change_group(author, chat, &change)
                .await?
                .map_err(|denied| rules::explain(denied, &change))?;
            let added: Vec<_> = events
                .iter()
                .filter_map(|event| match &event.kind {
                    EventKind::MemberAdded(subject) => Some((subject.user, event.seq)),
                    _ => None,
                })
                .collect();
            app.went_on(chat, &events);
            app.admitted(chat, &added).await;
            app.say_goodbye(chat, &events);
            if let Some(last) = events.last() {
                app.sequencer.caught_up(chat, last.seq).await;
            }
            Ok(())
        })
        .await
    }

    /// Adds someone to a group.
    ///
    /// # Errors
    /// As [`App::change_group`].
    pub async fn add_member(
        self: &Arc<Self>,
        caller: Caller,
        chat: ChatId,
        user: UserId,
    ) -> Result<()> {
        let change = GroupChange::Add { user, max: self.settings.group_max };
        self.change_group(caller, chat, change).await
    }

    /// Changes a group's title.
    ///
    /// # Errors
    /// As [`App::change_group`].
    pub async fn rename(self: &Arc<Self>, caller: Caller, chat: ChatId, title: &str) -> Result<()> {
        let change = GroupChange::Rename(rules::check_title(title)?);
        self.change_group(caller, chat, change).await
    }

    /// This node's commit went on with a chat, by events that are no messages.
    pub(crate) fn went_on(&self, chat: ChatId, events: &[LogEvent]) {
        if let Some(seq) = turning(events) {
            self.turned(chat, seq);
        }
        let events = events.iter().map(|event| (event.clone(), Status::Sent)).collect();
        self.sequencer.committed(chat, events);
    }

    /// Tells those who are no members any more; the chat's room hears of them by the log.
    fn say_goodbye(&self, chat: ChatId, events: &[LogEvent]) {
        for event in events {
            if let EventKind::MemberRemoved(subject) | EventKind::MemberLeft(subject) = &event.kind
            {
                let gone = zvon_protocol::event::ChatRemoved { chat_id: chat };
                let gone = zvon_protocol::event::ServerEvent::ChatRemoved(gone);
                self.fanout.to_user(subject.user, &gone);
            }
        }
    }
}
