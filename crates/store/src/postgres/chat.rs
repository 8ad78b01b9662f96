//! Chats on PostgreSQL: making them, reading them.

use async_trait::async_trait;
use sqlx::postgres::PgRow;
use zvon_core::chat::standing::Standing;
use zvon_core::chat::store::{Author, ChatStore, ChatView, GroupChange, NewGroup};
use zvon_core::chat::{Chat, Member};
use zvon_core::message::{EventKind, LogEvent};
use zvon_core::store::{Denied, StoreError, StoreResult, Verdict};
use zvon_protocol::chat::{ChatKind, Role};
use zvon_protocol::ids::{ChatId, UserId};

use super::line::Tx;
use super::{Postgres, failed, group, log, lookup};
use crate::fresh::{blank, pair};
use crate::row::{self, Columns};

const BY_ID: &str = "SELECT * FROM chats WHERE id = $1";
const BY_PAIR: &str = "SELECT * FROM chats WHERE pair = $1";
/// Of several that make a pair's chat at once all but one wait for it and make nothing.
const CREATE: &str = "INSERT INTO chats (id, kind, title, pair, created_at, created_by, last_seq, \
    msg_no, last_at, members) VALUES ($1, $2, $3, $4, $5, $6, 0, 0, $7, $8) \
    ON CONFLICT (pair) DO NOTHING";
const JOIN: &str = "INSERT INTO members (chat_id, user_id, role, joined_seq, delivered_seq, \
    read_seq, read_no) SELECT $1, u.id, u.role, 1, 1, 1, 0 \
    FROM unnest($2::uuid[], $3::smallint[]) u (id, role)";
const MEMBER: &str = "SELECT m.*, u.name FROM members m JOIN users u ON u.id = m.user_id \
    WHERE m.chat_id = $1 AND m.user_id = $2 AND m.left_seq IS NULL";
const MEMBERS: &str = "SELECT m.*, u.name FROM unnest($1::uuid[]) WITH ORDINALITY j (chat, key) \
    JOIN members m ON m.chat_id = j.chat AND m.left_seq IS NULL \
    JOIN users u ON u.id = m.user_id ORDER BY j.key, m.joined_seq, m.user_id";
const STANDING: &str = "SELECT m.*, u.name, c.last_seq AS head, c.expired_seq, c.pins AS pin_count, \
    (SELECT max(p.pin_seq) FROM pins p WHERE p.chat_id = $1) AS newest_pin FROM chats c \
    JOIN members m ON m.chat_id = c.id AND m.left_seq IS NULL JOIN users u ON u.id = m.user_id \
    WHERE c.id = $1 ORDER BY m.joined_seq, m.user_id";
const CHATS_OF: &str = "SELECT c.*, m.chat_id, m.user_id, m.role, m.joined_seq, m.delivered_seq, \
    m.read_seq, m.read_no, u.name, c.last_message AS newest FROM members m \
    JOIN chats c ON c.id = m.chat_id JOIN users u ON u.id = m.user_id \
    WHERE m.user_id = $1 AND m.left_seq IS NULL ORDER BY CASE WHEN c.last_seq = c.expiry_seq \
    THEN c.stirred_at ELSE c.last_at END DESC, c.id";
const CONTACTS: &str = "SELECT DISTINCT o.user_id FROM members m \
    JOIN members o ON o.chat_id = m.chat_id AND o.left_seq IS NULL AND o.user_id <> m.user_id \
    WHERE m.user_id = $1 AND m.left_seq IS NULL";

#[async_trait]
impl ChatStore for Postgres {
    async fn open_private(
        &self,
        author: Author,
        other: UserId,
        fresh: ChatId,
    ) -> StoreResult<Verdict<(Chat, Vec<LogEvent>)>> {
        let pair = pair(author.user, other);
        if let Some(chat) = self.by_pair(&pair).await? {
            return Ok(Ok((chat, Vec::new())));
        }
        let mut tx = self.rest.begin().await?;
        if let Err(denied) = log::check_session(&mut tx, author).await? {
            return Ok(Err(denied));
        }
        if other == author.user || !log::all_exist(&mut tx, &[other]).await? {
            return Ok(Err(Denied::NoTarget));
        }
        let chat = blank(fresh, ChatKind::Private, None, author);
        let members = [(author.user, Role::Member), (other, Role::Member)];
        if let Some(made) = make(tx, chat, author, Some(&pair), &members).await? {
            return Ok(Ok(made));
        }
        let made_by_another = self.by_pair(&pair).await?;
        let gone = || StoreError::Broken("a pair's chat is there and is not".to_owned());
        Ok(Ok((made_by_another.ok_or_else(gone)?, Vec::new())))
    }

    async fn create_group(
        &self,
        author: Author,
        group: &NewGroup,
    ) -> StoreResult<Verdict<(Chat, Vec<LogEvent>)>> {
        let mut tx = self.rest.begin().await?;
        if let Err(denied) = log::check_session(&mut tx, author).await? {
            return Ok(Err(denied));
        }
        if !log::all_exist(&mut tx, &group.members).await? {
            return Ok(Err(Denied::NoTarget));
        }
        let chat = blank(group.id, ChatKind::Group, Some(group.title.clone()), author);
        let others = group.members.iter().map(|user| (*user, Role::Member));
        let members: Vec<_> = std::iter::once((author.user, Role::Admin)).chain(others).collect();
        let made = make(tx, chat, author, None, &members).await?;
        made.map(Ok).ok_or_else(|| StoreError::Broken("a group of no pair has one".to_owned()))
    }

    async fn change_group(
        &self,
        author: Author,
        chat: ChatId,
        change: &GroupChange,
    ) -> StoreResult<Verdict<Vec<LogEvent>>> {
        group::change(self.rest.begin().await?, author, chat, change).await
    }

    async fn chat(&self, id: ChatId) -> StoreResult<Option<Chat>> {
        let found = self.read.optional(sqlx::query(BY_ID).bind(id.0)).await.map_err(failed)?;
        found.as_ref().map(row::chat).transpose().map_err(failed)
    }

    async fn standing(&self, chat: ChatId) -> StoreResult<Option<Standing>> {
        let rows = self.read.rows(sqlx::query(STANDING).bind(chat.0)).await.map_err(failed)?;
        row::standing(&rows).map_err(failed)
    }

    async fn member(&self, chat: ChatId, user: UserId) -> StoreResult<Option<Member>> {
        let member = sqlx::query(MEMBER).bind(chat.0).bind(user.0);
        let found = self.read.optional(member).await.map_err(failed)?;
        found.as_ref().map(row::member).transpose().map_err(failed)
    }

    async fn members(&self, chats: &[ChatId]) -> StoreResult<Vec<Member>> {
        let chats: Vec<_> = chats.iter().map(|chat| chat.0).collect();
        let rows = self.read.rows(sqlx::query(MEMBERS).bind(chats)).await.map_err(failed)?;
        row::all(&rows, row::member).map_err(failed)
    }

    async fn chats_of(&self, user: UserId) -> StoreResult<Vec<ChatView>> {
        let rows = self.read.rows(sqlx::query(CHATS_OF).bind(user.0)).await.map_err(failed)?;
        let mut views = row::all(&rows, view).map_err(failed)?;
        let wanted: Vec<_> =
            views.iter().filter_map(|(view, seq)| Some((view.chat.id, (*seq)?))).collect();
        let mut newest = lookup::at(&self.read, &wanted).await?;
        for (view, seq) in &mut views {
            view.last_message = seq.and_then(|seq| newest.remove(&(view.chat.id, seq)));
        }
        Ok(views.into_iter().map(|(view, _)| view).collect())
    }

    async fn contacts_of(&self, user: UserId) -> StoreResult<Vec<UserId>> {
        let rows = self.read.rows(sqlx::query(CONTACTS).bind(user.0)).await.map_err(failed)?;
        row::all(&rows, |found| row::id(found, "user_id").map(UserId)).map_err(failed)
    }
}

impl Postgres {
    async fn by_pair(&self, pair: &[u8]) -> StoreResult<Option<Chat>> {
        let found = self.read.optional(sqlx::query(BY_PAIR).bind(pair)).await.map_err(failed)?;
        found.as_ref().map(row::chat).transpose().map_err(failed)
    }
}

/// Stores a new chat, its members and its first event; nothing if the pair has one.
async fn make(
    mut tx: Tx,
    mut chat: Chat,
    author: Author,
    pair: Option<&[u8]>,
    members: &[(UserId, Role)],
) -> StoreResult<Option<(Chat, Vec<LogEvent>)>> {
    let create = sqlx::query(CREATE)
        .bind(chat.id.0)
        .bind(i16::from(chat.kind == ChatKind::Group))
        .bind(&chat.title)
        .bind(pair)
        .bind(chat.created_at.0)
        .bind(chat.created_by.0)
        .bind(chat.last_at.0)
        .bind(row::signed(members.len() as u64));
    if tx.execute(create).await.map_err(failed)? == 0 {
        return Ok(None);
    }
    let founders: Vec<_> = members.iter().map(|(user, _)| *user).collect();
    let users: Vec<_> = founders.iter().map(|user| user.0).collect();
    let roles: Vec<_> = members.iter().map(|(_, role)| row::role_number(*role)).collect();
    let join = sqlx::query(JOIN).bind(chat.id.0).bind(users).bind(roles);
    tx.execute(join).await.map_err(failed)?;
    let events = vec![log::add(&mut tx, &mut chat, author, EventKind::Created).await?];
    log::commit(tx, &events, &founders).await?;
    Ok(Some((chat, events)))
}

fn view(found: &PgRow) -> Result<(ChatView, Option<u64>), sqlx::Error> {
    let newest = found.int("newest")?.map(row::unsigned).transpose()?;
    let view = ChatView { chat: row::chat(found)?, me: row::member(found)?, last_message: None };
    Ok((view, newest))
}
