//! Chats and members, durable.

use async_trait::async_trait;
use zvon_protocol::chat::{Retention, Role};
use zvon_protocol::ids::{ChatId, SessionId, UserId};
use zvon_protocol::time::Timestamp;

use super::standing::Standing;
use super::{Chat, Member};
use crate::message::{LogEvent, MessageRow};
use crate::store::{StoreResult, Verdict};

/// Who wants a change, and when.
#[derive(Clone, Copy, Debug)]
pub struct Author {
    /// The session it is done by.
    pub session: SessionId,
    /// Whose session.
    pub user: UserId,
    /// The caller's clock; the log's time is never before its predecessor's.
    pub at: Timestamp,
}

/// A group to be.
#[derive(Clone, Debug)]
pub struct NewGroup {
    /// Its identity.
    pub id: ChatId,
    /// Its title.
    pub title: String,
    /// Everybody but the author, without repetition.
    pub members: Vec<UserId>,
}

/// A change of a group by one of its members.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GroupChange {
    /// An admin adds someone (at most `max` members after it).
    Add {
        /// Whom.
        user: UserId,
        /// Most members a group may have.
        max: u32,
    },
    /// An admin removes someone else.
    Remove(UserId),
    /// The author leaves. The last admin's leaving makes the oldest member an admin in the same
    /// transaction, by an event of its own.
    Leave,
    /// An admin changes a role.
    SetRole(UserId, Role),
    /// An admin changes the title.
    Rename(String),
    /// An admin changes how long messages are kept.
    Keep(Retention),
}

/// A chat as one member sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChatView {
    /// The chat.
    pub chat: Chat,
    /// The viewer's own membership.
    pub me: Member,
    /// The newest message, if any.
    pub last_message: Option<MessageRow>,
}

/// Chats and members, durable. Members are current members everywhere.
#[async_trait]
pub trait ChatStore: Send + Sync {
    /// The one private chat of `author.user` and `other`, made with identity `fresh` if there is
    /// none; the events of making it are empty if it was there. Concurrent calls agree.
    /// Denied: `Revoked`, `NoTarget` (no such user, or oneself).
    async fn open_private(
        &self,
        author: Author,
        other: UserId,
        fresh: ChatId,
    ) -> StoreResult<Verdict<(Chat, Vec<LogEvent>)>>;

    /// Makes a group; the author is its admin. Denied: `Revoked`, `NoTarget` (an unknown user).
    async fn create_group(
        &self,
        author: Author,
        group: &NewGroup,
    ) -> StoreResult<Verdict<(Chat, Vec<LogEvent>)>>;

    /// Changes a group; the events that this made, in order.
    async fn change_group(
        &self,
        author: Author,
        chat: ChatId,
        change: &GroupChange,
    ) -> StoreResult<Verdict<Vec<LogEvent>>>;

    /// The chat's row.
    async fn chat(&self, id: ChatId) -> StoreResult<Option<Chat>>;

    /// The chat's head, pins and members, of one moment; `None` if nobody is in it.
    async fn standing(&self, chat: ChatId) -> StoreResult<Option<Standing>>;

    /// The membership of one user.
    async fn member(&self, chat: ChatId, user: UserId) -> StoreResult<Option<Member>>;

    /// The members of these chats, by chat and then age of membership.
    async fn members(&self, chats: &[ChatId]) -> StoreResult<Vec<Member>>;

    /// All chats of a user, the most recently changed first.
    async fn chats_of(&self, user: UserId) -> StoreResult<Vec<ChatView>>;

    /// Everybody who shares a chat with the user, the user not included.
    async fn contacts_of(&self, user: UserId) -> StoreResult<Vec<UserId>>;
}
