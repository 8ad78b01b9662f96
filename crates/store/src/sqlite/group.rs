//! Changes of a group on SQLite.

use zvon_core::chat::Chat;
use zvon_core::chat::store::{Author, GroupChange};
use zvon_core::message::{EventKind, LogEvent, Subject};
use zvon_core::store::{Denied, StoreResult, Verdict};
use zvon_protocol::chat::{ChatKind, Role};
use zvon_protocol::ids::{ChatId, UserId};

use super::log::{self, Tx};
use super::{failed, row};

const ROLE: &str =
    "SELECT role FROM members WHERE chat_id = ? AND user_id = ? AND left_seq IS NULL";
const COUNT: &str = "SELECT members FROM chats WHERE id = ?";
const HEIR: &str = "SELECT user_id FROM members WHERE chat_id = ? AND left_seq IS NULL \
    ORDER BY role DESC, joined_seq, user_id LIMIT 1";
const ADMINS: &str =
    "SELECT count(*) FROM members WHERE chat_id = ? AND left_seq IS NULL AND role = 1";
const JOIN: &str = "INSERT INTO members (chat_id, user_id, role, joined_seq, delivered_seq, \
    read_seq, read_no) VALUES (?1, ?2, 0, ?3, ?3, ?3, ?4) ON CONFLICT (chat_id, user_id) DO UPDATE \
    SET role = 0, joined_seq = ?3, left_seq = NULL, delivered_seq = ?3, read_seq = ?3, read_no = ?4";
const LEAVE: &str = "UPDATE members SET left_seq = ? WHERE chat_id = ? AND user_id = ?";
const RESIZE: &str = "UPDATE chats SET members = members + ? WHERE id = ?";
const SET_ROLE: &str = "UPDATE members SET role = ? WHERE chat_id = ? AND user_id = ?";
const RENAME: &str = "UPDATE chats SET title = ? WHERE id = ?";

/// Changes a group in one transaction.
pub(super) async fn change(
    tx: Tx,
    author: Author,
    id: ChatId,
    change: &GroupChange,
) -> StoreResult<Verdict<Vec<LogEvent>>> {
    let mut change = Change { tx, author, chat: None, events: Vec::new(), what: change };
    if let Err(denied) = change.check(id).await? {
        return Ok(Err(denied));
    }
    match change.carry_out().await? {
        Ok(()) => {
            log::commit(change.tx, &change.events, &[]).await?;
            Ok(Ok(change.events))
        }
        Err(denied) => Ok(Err(denied)),
    }
}

struct Change<'a> {
    tx: Tx,
    author: Author,
    chat: Option<Chat>,
    events: Vec<LogEvent>,
    what: &'a GroupChange,
}

impl Change<'_> {
    async fn check(&mut self, id: ChatId) -> StoreResult<Verdict<()>> {
        if let Err(denied) = log::check_session(&mut self.tx, self.author).await? {
            return Ok(Err(denied));
        }
        let Some(chat) = log::chat(&mut self.tx, id).await? else { return Ok(Err(Denied::NoChat)) };
        let kind = chat.kind;
        self.chat = Some(chat);
        let verdict = match self.role_of(id, self.author.user).await? {
            None => Err(Denied::NotAMember),
            Some(_) if kind == ChatKind::Private => Err(Denied::NotAGroup),
            Some(Role::Member) if *self.what != GroupChange::Leave => Err(Denied::NotAnAdmin),
            Some(_) => Ok(()),
        };
        Ok(verdict)
    }

    async fn carry_out(&mut self) -> StoreResult<Verdict<()>> {
        let Some(chat) = self.chat.clone() else { return Ok(Err(Denied::NoChat)) };
        match self.what {
            GroupChange::Add { user, max } => self.add(&chat, *user, *max).await,
            GroupChange::Remove(user) if *user == self.author.user => Ok(Err(Denied::NoTarget)),
            GroupChange::Remove(user) => match self.role_of(chat.id, *user).await? {
                None => Ok(Err(Denied::NoTarget)),
                Some(role) => {
                    let subject = self.subject(*user, role).await?;
                    self.part(*user, EventKind::MemberRemoved(subject)).await.map(Ok)
                }
            },
            GroupChange::Leave => self.leave(&chat).await.map(Ok),
            GroupChange::SetRole(user, role) => self.set_role(&chat, *user, *role).await,
            GroupChange::Rename(title) if chat.title.as_ref() == Some(title) => {
                Ok(Err(Denied::AlreadySo))
            }
            GroupChange::Rename(title) => {
                let rename = sqlx::query(RENAME).bind(title).bind(chat.id.0);
                rename.execute(&mut *self.tx).await.map_err(failed)?;
                self.log(EventKind::Renamed(title.clone())).await.map(Ok)
            }
        }
    }

    async fn add(&mut self, chat: &Chat, user: UserId, max: u32) -> StoreResult<Verdict<()>> {
        let Some(name) = log::name(&mut self.tx, user).await? else {
            return Ok(Err(Denied::NoTarget));
        };
        if self.role_of(chat.id, user).await?.is_some() {
            return Ok(Err(Denied::AlreadySo));
        }
        let count: i64 = sqlx::query_scalar(COUNT)
            .bind(chat.id.0)
            .fetch_one(&mut *self.tx)
            .await
            .map_err(failed)?;
        if count >= i64::from(max) {
            return Ok(Err(Denied::Full));
        }
        self.log(EventKind::MemberAdded(Subject { user, name, role: Role::Member })).await?;
        let join = sqlx::query(JOIN).bind(chat.id.0).bind(user.0);
        let join = join.bind(row::signed(chat.last_seq + 1)).bind(row::signed(chat.msg_no));
        join.execute(&mut *self.tx).await.map_err(failed)?;
        self.resize(chat.id, 1).await.map(Ok)
    }

    async fn leave(&mut self, chat: &Chat) -> StoreResult<()> {
        let user = self.author.user;
        let role = self.role_of(chat.id, user).await?.unwrap_or(Role::Member);
        let subject = self.subject(user, role).await?;
        self.part(user, EventKind::MemberLeft(subject)).await?;
        let admins = self.admins(chat.id).await?;
        let heir = sqlx::query_scalar(HEIR).bind(chat.id.0).fetch_optional(&mut *self.tx).await;
        if let (0, Some(heir)) = (admins, heir.map_err(failed)?.map(UserId)) {
            self.put_role(chat.id, heir, Role::Admin).await?;
        }
        Ok(())
    }

    async fn set_role(
        &mut self,
        chat: &Chat,
        user: UserId,
        role: Role,
    ) -> StoreResult<Verdict<()>> {
        match self.role_of(chat.id, user).await? {
            None => Ok(Err(Denied::NoTarget)),
            Some(current) if current == role => Ok(Err(Denied::AlreadySo)),
            Some(Role::Admin) if self.admins(chat.id).await? == 1 => Ok(Err(Denied::LastAdmin)),
            Some(_) => self.put_role(chat.id, user, role).await.map(Ok),
        }
    }

    async fn admins(&mut self, chat: ChatId) -> StoreResult<i64> {
        let count = sqlx::query_scalar(ADMINS).bind(chat.0).fetch_one(&mut *self.tx).await;
        count.map_err(failed)
    }

    async fn put_role(&mut self, chat: ChatId, user: UserId, role: Role) -> StoreResult<()> {
        let set = sqlx::query(SET_ROLE).bind(row::role_number(role)).bind(chat.0).bind(user.0);
        set.execute(&mut *self.tx).await.map_err(failed)?;
        let subject = self.subject(user, role).await?;
        self.log(EventKind::MemberChanged(subject)).await
    }

    /// A membership ends with the event that says so.
    async fn part(&mut self, user: UserId, kind: EventKind) -> StoreResult<()> {
        self.log(kind).await?;
        let Some(chat) = &self.chat else { return Ok(()) };
        let (id, seq) = (chat.id, row::signed(chat.last_seq));
        let leave = sqlx::query(LEAVE).bind(seq).bind(id.0).bind(user.0);
        leave.execute(&mut *self.tx).await.map_err(failed)?;
        self.resize(id, -1).await
    }

    async fn resize(&mut self, chat: ChatId, by: i64) -> StoreResult<()> {
        let resize = sqlx::query(RESIZE).bind(by).bind(chat.0);
        resize.execute(&mut *self.tx).await.map_err(failed)?;
        Ok(())
    }

    async fn log(&mut self, kind: EventKind) -> StoreResult<()> {
        if let Some(chat) = &mut self.chat {
            let event = log::add(&mut self.tx, chat, self.author, kind).await?;
            self.events.push(event);
        }
        Ok(())
    }

    async fn role_of(&mut self, chat: ChatId, user: UserId) -> StoreResult<Option<Role>> {
        let found = sqlx::query_scalar(ROLE).bind(chat.0).bind(user.0);
        let found: Option<i64> = found.fetch_optional(&mut *self.tx).await.map_err(failed)?;
        Ok(found.map(row::role))
    }

    async fn subject(&mut self, user: UserId, role: Role) -> StoreResult<Subject> {
        let name = log::name(&mut self.tx, user).await?.unwrap_or_default();
        Ok(Subject { user, name, role })
    }
}
