//! Chats on SQLite: making them, reading them.

use async_trait::async_trait;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;
use zvon_core::chat::standing::Standing;
use zvon_core::chat::store::{Author, ChatStore, ChatView, GroupChange, NewGroup};
use zvon_core::chat::{Chat, Member};
use zvon_core::message::{EventKind, LogEvent};
use zvon_core::store::{Denied, StoreResult, Verdict};
use zvon_protocol::chat::{ChatKind, Role};
use zvon_protocol::ids::{ChatId, UserId};

use super::log::{self, Tx};
use super::{Sqlite, failed, group, message};
use crate::fresh::{blank, pair};
use crate::row;

const BY_PAIR: &str = "SELECT * FROM chats WHERE pair = ?";
const CREATE: &str = "INSERT INTO chats (id, kind, title, pair, created_at, created_by, last_seq, \
    msg_no, last_at, members) VALUES (?, ?, ?, ?, ?, ?, 0, 0, ?, ?)";
const JOIN: &str = "INSERT INTO members (chat_id, user_id, role, joined_seq, delivered_seq, \
    read_seq, read_no) VALUES (?, ?, ?, 1, 1, 1, 0)";
const MEMBER: &str = "SELECT m.*, u.name FROM members m JOIN users u ON u.id = m.user_id \
    WHERE m.chat_id = ? AND m.user_id = ? AND m.left_seq IS NULL";
const MEMBERS: &str = "SELECT m.*, u.name FROM json_each(?) j \
    JOIN members m ON m.chat_id = unhex(j.value) AND m.left_seq IS NULL \
    JOIN users u ON u.id = m.user_id ORDER BY j.key, m.joined_seq, m.user_id";
const STANDING: &str = "SELECT m.*, u.name, c.last_seq AS head, c.expired_seq, c.pins AS pin_count, \
    (SELECT max(p.pin_seq) FROM pins p WHERE p.chat_id = ?1) AS newest_pin FROM chats c \
    JOIN members m ON m.chat_id = c.id AND m.left_seq IS NULL JOIN users u ON u.id = m.user_id \
    WHERE c.id = ?1 ORDER BY m.joined_seq, m.user_id";
const CHATS_OF: &str = "SELECT c.*, m.chat_id, m.user_id, m.role, m.joined_seq, m.delivered_seq, \
    m.read_seq, m.read_no, u.name, c.last_message AS newest FROM members m \
    JOIN chats c ON c.id = m.chat_id JOIN users u ON u.id = m.user_id \
    WHERE m.user_id = ? AND m.left_seq IS NULL \
    ORDER BY iif(c.last_seq = c.expiry_seq, c.stirred_at, c.last_at) DESC, c.id";
const CONTACTS: &str = "SELECT DISTINCT o.user_id FROM members m \
    JOIN members o ON o.chat_id = m.chat_id AND o.left_seq IS NULL AND o.user_id <> m.user_id \
    WHERE m.user_id = ? AND m.left_seq IS NULL";

#[async_trait]
impl ChatStore for Sqlite {
    async fn open_private(
        &self,
        author: Author,
        other: UserId,
        fresh: ChatId,
    ) -> StoreResult<Verdict<(Chat, Vec<LogEvent>)>> {
        let pair = pair(author.user, other);
        let found = sqlx::query(BY_PAIR).bind(&pair).fetch_optional(&self.readers).await;
        if let Some(found) = found.map_err(failed)? {
            return Ok(Ok((row::chat(&found).map_err(failed)?, Vec::new())));
        }
        let mut tx = self.begin().await?;
        if let Err(denied) = log::check_session(&mut tx, author).await? {
            return log::refuse(tx, denied).await;
        }
        let found = sqlx::query(BY_PAIR).bind(&pair).fetch_optional(&mut *tx).await;
        if let Some(found) = found.map_err(failed)? {
            tx.commit().await?;
            return Ok(Ok((row::chat(&found).map_err(failed)?, Vec::new())));
        }
        if other == author.user || !log::all_exist(&mut tx, &[other]).await? {
            return log::refuse(tx, Denied::NoTarget).await;
        }
        let chat = blank(fresh, ChatKind::Private, None, author);
        let members = [(author.user, Role::Member), (other, Role::Member)];
        make(tx, chat, author, Some(&pair), &members).await.map(Ok)
    }

    async fn create_group(
        &self,
        author: Author,
        group: &NewGroup,
    ) -> StoreResult<Verdict<(Chat, Vec<LogEvent>)>> {
        let mut tx = self.begin().await?;
        if let Err(denied) = log::check_session(&mut tx, author).await? {
            return log::refuse(tx, denied).await;
        }
        if !log::all_exist(&mut tx, &group.members).await? {
            return log::refuse(tx, Denied::NoTarget).await;
        }
        let chat = blank(group.id, ChatKind::Group, Some(group.title.clone()), author);
        let others = group.members.iter().map(|user| (*user, Role::Member));
        let members: Vec<_> = std::iter::once((author.user, Role::Admin)).chain(others).collect();
        make(tx, chat, author, None, &members).await.map(Ok)
    }

    async fn change_group(
        &self,
        author: Author,
        chat: ChatId,
        change: &GroupChange,
    ) -> StoreResult<Verdict<Vec<LogEvent>>> {
        group::change(self.begin().await?, author, chat, change).await
    }

    async fn chat(&self, id: ChatId) -> StoreResult<Option<Chat>> {
        let found = sqlx::query("SELECT * FROM chats WHERE id = ?").bind(id.0);
        let found = found.fetch_optional(&self.readers).await.map_err(failed)?;
        found.as_ref().map(row::chat).transpose().map_err(failed)
    }

    async fn standing(&self, chat: ChatId) -> StoreResult<Option<Standing>> {
        let rows = sqlx::query(STANDING).bind(chat.0).fetch_all(&self.readers).await;
        let rows = rows.map_err(failed)?;
        row::standing(&rows).map_err(failed)
    }

    async fn member(&self, chat: ChatId, user: UserId) -> StoreResult<Option<Member>> {
        let found = sqlx::query(MEMBER).bind(chat.0).bind(user.0);
        let found = found.fetch_optional(&self.readers).await.map_err(failed)?;
        found.as_ref().map(row::member).transpose().map_err(failed)
    }

    async fn members(&self, chats: &[ChatId]) -> StoreResult<Vec<Member>> {
        let chats = log::hexes(chats.iter().map(|chat| chat.0));
        let rows = sqlx::query(MEMBERS).bind(chats).fetch_all(&self.readers).await;
        row::all(&rows.map_err(failed)?, row::member).map_err(failed)
    }

    async fn chats_of(&self, user: UserId) -> StoreResult<Vec<ChatView>> {
        let rows = sqlx::query(CHATS_OF).bind(user.0).fetch_all(&self.readers).await;
        let mut views = row::all(&rows.map_err(failed)?, view).map_err(failed)?;
        let wanted: Vec<_> =
            views.iter().filter_map(|(view, seq)| Some((view.chat.id, (*seq)?))).collect();
        let mut newest = message::at(&self.readers, &wanted).await?;
        for (view, _) in &mut views {
            view.last_message = newest.remove(&view.chat.id);
        }
        Ok(views.into_iter().map(|(view, _)| view).collect())
    }

    async fn contacts_of(&self, user: UserId) -> StoreResult<Vec<UserId>> {
        let rows = sqlx::query(CONTACTS).bind(user.0).fetch_all(&self.readers).await;
        let contact = |found: &SqliteRow| row::id(found, "user_id").map(UserId);
        row::all(&rows.map_err(failed)?, contact).map_err(failed)
    }
}

/// Stores a new chat, its members and its first event.
async fn make(
    mut tx: Tx,
    mut chat: Chat,
    author: Author,
    pair: Option<&[u8]>,
    members: &[(UserId, Role)],
) -> StoreResult<(Chat, Vec<LogEvent>)> {
    sqlx::query(CREATE)
        .bind(chat.id.0)
        .bind(i64::from(chat.kind == ChatKind::Group))
        .bind(&chat.title)
        .bind(pair)
        .bind(chat.created_at.0)
        .bind(chat.created_by.0)
        .bind(chat.last_at.0)
        .bind(row::signed(members.len() as u64))
        .execute(&mut *tx)
        .await
        .map_err(failed)?;
    for (user, role) in members {
        let join = sqlx::query(JOIN).bind(chat.id.0).bind(user.0).bind(row::role_number(*role));
        join.execute(&mut *tx).await.map_err(failed)?;
    }
    let created = log::add(&mut tx, &mut chat, author, EventKind::Created).await?;
    let events = vec![created];
    let founders: Vec<_> = members.iter().map(|(user, _)| *user).collect();
    log::commit(tx, &events, &founders).await?;
    Ok((chat, events))
}

fn view(found: &SqliteRow) -> Result<(ChatView, Option<u64>), sqlx::Error> {
    let newest: Option<i64> = found.try_get("newest")?;
    let view = ChatView { chat: row::chat(found)?, me: row::member(found)?, last_message: None };
    Ok((view, newest.and_then(|seq| u64::try_from(seq).ok())))
}
