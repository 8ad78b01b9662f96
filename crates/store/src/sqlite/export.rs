//! Reading out all that is kept of a user or a chat, also what is over.
//!
//! It is read for an operator, in pages, and rarely: memberships and sessions that are over stand
//! in no index and cost a walk through their table, beside which the server goes on.

use sqlx::Row;
use sqlx::sqlite::SqliteRow;
use zvon_core::message::MessageRow;
use zvon_core::session::Session;
use zvon_core::store::StoreResult;
use zvon_protocol::chat::Role;
use zvon_protocol::ids::{ChatId, MessageId, UserId};
use zvon_protocol::time::Timestamp;

use super::message::messages;
use super::{Sqlite, failed};
use crate::row::{self, signed};

const SESSIONS: &str = "SELECT * FROM sessions WHERE user_id = ? ORDER BY created_at, id";
const OF_USER: &str = "SELECT m.*, u.name FROM members m LEFT JOIN users u ON u.id = m.user_id \
    WHERE m.user_id = ? ORDER BY m.chat_id";
const OF_CHAT: &str = "SELECT m.*, u.name FROM members m LEFT JOIN users u ON u.id = m.user_id \
    WHERE m.chat_id = ? ORDER BY m.user_id";
const SENT: &str = messages!(
    "WHERE e.chat_id = ? AND e.actor = ? AND e.kind = 1 AND e.seq > ? AND e.seq <= ? \
     ORDER BY e.seq LIMIT ?"
);
const PINNED: &str = "SELECT p.seq, p.at, p.pin_seq, e.id FROM pins p \
    JOIN events e ON e.chat_id = p.chat_id AND e.seq = p.seq \
    WHERE p.chat_id = ? AND p.by_user = ? ORDER BY p.pin_seq";

/// A membership, present or past.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Membership {
    /// Where.
    pub chat: ChatId,
    /// Who.
    pub user: UserId,
    /// Their display name.
    pub name: String,
    /// What they may, or might, do.
    pub role: Role,
    /// The seq of the event that made them a member, the last time.
    pub joined_seq: u64,
    /// The seq of the event that ended it.
    pub left_seq: Option<u64>,
    /// Everything up to here has reached them.
    pub delivered_seq: u64,
    /// Everything up to here has been read by them.
    pub read_seq: u64,
    /// The chat's messages up to there.
    pub read_no: u64,
}

/// A pin that somebody made and that still is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MadePin {
    /// The pinned message.
    pub message: MessageId,
    /// Its place in the log.
    pub seq: u64,
    /// When it was pinned.
    pub at: Timestamp,
    /// The place of that event.
    pub pin_seq: u64,
}

impl Sqlite {
    /// All sessions of a user that are remembered, the oldest first.
    ///
    /// # Errors
    /// When the database does not answer; as with all of these.
    pub async fn all_sessions_of(&self, user: UserId) -> StoreResult<Vec<Session>> {
        let rows = sqlx::query(SESSIONS).bind(user.0).fetch_all(&self.readers).await;
        row::all(&rows.map_err(failed)?, row::session).map_err(failed)
    }

    /// A user's memberships, those that are over among them.
    ///
    /// # Errors
    /// As above.
    pub async fn memberships_of(&self, user: UserId) -> StoreResult<Vec<Membership>> {
        let rows = sqlx::query(OF_USER).bind(user.0).fetch_all(&self.readers).await;
        row::all(&rows.map_err(failed)?, membership).map_err(failed)
    }

    /// A chat's memberships, those that are over among them.
    ///
    /// # Errors
    /// As above.
    pub async fn memberships_in(&self, chat: ChatId) -> StoreResult<Vec<Membership>> {
        let rows = sqlx::query(OF_CHAT).bind(chat.0).fetch_all(&self.readers).await;
        row::all(&rows.map_err(failed)?, membership).map_err(failed)
    }

    /// At most `limit` of the user's messages in a chat with `after < seq <= upto`, ascending.
    ///
    /// # Errors
    /// As above.
    pub async fn messages_of(
        &self,
        (chat, user): (ChatId, UserId),
        (after, upto): (u64, u64),
        limit: u32,
    ) -> StoreResult<Vec<MessageRow>> {
        let sent = sqlx::query(SENT).bind(chat.0).bind(user.0).bind(signed(after));
        let rows = sent.bind(signed(upto)).bind(limit).fetch_all(&self.readers).await;
        row::all(&rows.map_err(failed)?, row::message).map_err(failed)
    }

    /// The pins of a chat that the user made.
    ///
    /// # Errors
    /// As above.
    pub async fn pins_by(&self, chat: ChatId, user: UserId) -> StoreResult<Vec<MadePin>> {
        let rows = sqlx::query(PINNED).bind(chat.0).bind(user.0).fetch_all(&self.readers).await;
        row::all(&rows.map_err(failed)?, pin).map_err(failed)
    }
}

fn membership(found: &SqliteRow) -> Result<Membership, sqlx::Error> {
    let left: Option<i64> = found.try_get("left_seq")?;
    Ok(Membership {
        chat: ChatId(row::id(found, "chat_id")?),
        user: UserId(row::id(found, "user_id")?),
        name: found.try_get::<Option<String>, _>("name")?.unwrap_or_default(),
        role: row::role(found.try_get("role")?),
        joined_seq: row::number(found, "joined_seq")?,
        left_seq: left.and_then(|seq| u64::try_from(seq).ok()),
        delivered_seq: row::number(found, "delivered_seq")?,
        read_seq: row::number(found, "read_seq")?,
        read_no: row::number(found, "read_no")?,
    })
}

fn pin(found: &SqliteRow) -> Result<MadePin, sqlx::Error> {
    Ok(MadePin {
        message: MessageId(row::id(found, "id")?),
        seq: row::number(found, "seq")?,
        at: row::time(found, "at")?,
        pin_seq: row::number(found, "pin_seq")?,
    })
}
