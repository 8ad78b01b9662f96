//! Chats as one member sees them.

use std::collections::HashMap;

use zvon_protocol::chat::{ChatState, Member as WireMember};
use zvon_protocol::ids::{ChatId, UserId};
use zvon_protocol::message::Message;

use super::Member;
use super::store::ChatView;
use crate::App;
use crate::caller::Caller;
use crate::error::{Error, Result};
use crate::message::MessageRow;
use crate::message::status::Reaches;
use crate::meters::Verb;

impl App {
    /// The caller's membership.
    ///
    /// # Errors
    /// [`Error::Outsider`], or the store's.
    pub async fn membership(&self, caller: Caller, chat: ChatId) -> Result<Member> {
        self.store().member(chat, caller.user).await?.ok_or(Error::Outsider)
    }

    /// All of the caller's chats, the most recently changed first.
    ///
    /// # Errors
    /// The store's.
    pub async fn chat_states(&self, caller: Caller) -> Result<Vec<ChatState>> {
        let chats = self.store().chats_of(caller.user);
        let views = self.meters.timed(Verb::Chats, chats).await?;
        let ids: Vec<ChatId> = views.iter().map(|view| view.chat.id).collect();
        let mut members: HashMap<ChatId, Vec<Member>> = HashMap::new();
        for member in self.store().members(&ids).await? {
            members.entry(member.chat).or_default().push(member);
        }
        let none = Vec::new();
        let state = |view| {
            let view: ChatView = view;
            let here = members.get(&view.chat.id).unwrap_or(&none);
            chat_state(view, here)
        };
        Ok(views.into_iter().map(state).collect())
    }

    /// One chat as a member sees it; `None` if the user is not a member.
    ///
    /// # Errors
    /// The store's.
    pub async fn chat_state(&self, user: UserId, chat: ChatId) -> Result<Option<ChatState>> {
        let Some(row) = self.store().chat(chat).await? else { return Ok(None) };
        let Some(me) = self.store().member(chat, user).await? else { return Ok(None) };
        let newest = self.store().page(chat, crate::message::store::Page::Newest, 1).await?;
        let members = self.store().members(&[chat]).await?;
        let view = ChatView { chat: row, me, last_message: newest.into_iter().next() };
        Ok(Some(chat_state(view, &members)))
    }

    /// Messages of one chat with their statuses.
    ///
    /// # Errors
    /// The store's.
    pub(crate) async fn with_status(
        &self,
        chat: ChatId,
        rows: Vec<MessageRow>,
    ) -> Result<Vec<Message>> {
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        let members = self.store().members(&[chat]).await?;
        let mut reaches = Reaches::over(&members);
        let message = |row: MessageRow| row.to_wire(reaches.status(row.sender, row.seq));
        Ok(rows.into_iter().map(message).collect())
    }

    /// One message with its status.
    ///
    /// # Errors
    /// The store's.
    pub(crate) async fn one_with_status(&self, row: MessageRow) -> Result<Message> {
        let chat = row.chat;
        let found = self.with_status(chat, vec![row]).await?.pop();
        found.ok_or_else(|| Error::not_found("Message not found"))
    }
}

fn chat_state(view: ChatView, members: &[Member]) -> ChatState {
    let ChatView { chat, me, last_message } = view;
    let mut reaches = Reaches::over(members);
    let message = |row: MessageRow| row.to_wire(reaches.status(row.sender, row.seq));
    ChatState {
        id: chat.id,
        kind: chat.kind,
        title: chat.title,
        participants: members.iter().map(|member| member.user).collect(),
        members: members.iter().map(wire_member).collect(),
        created_at: chat.created_at,
        created_by: chat.created_by,
        last_seq: chat.last_seq,
        expired_seq: chat.expired_seq,
        delivered_seq: me.delivered_seq,
        read_seq: me.read_seq,
        unread: chat.msg_no.saturating_sub(me.read_no.max(chat.expired_no)),
        last_message: last_message.map(message),
    }
}

fn wire_member(member: &Member) -> WireMember {
    WireMember {
        user_id: member.user,
        name: member.name.clone(),
        role: member.role,
        delivered_seq: member.delivered_seq,
        read_seq: member.read_seq,
    }
}
