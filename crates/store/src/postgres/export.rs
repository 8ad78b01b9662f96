//! Reading out what is kept, on PostgreSQL.

use async_trait::async_trait;
use zvon_core::message::MessageRow;
use zvon_core::session::Session;
use zvon_core::store::StoreResult;
use zvon_core::webhook::Webhook;
use zvon_protocol::day::Day;
use zvon_protocol::ids::{ChatId, UserId};

use super::message::messages;
use super::{Postgres, failed};
use crate::counted;
use crate::export::{self, Export, MadePin, Membership};
use crate::kept::{self, webhook_columns};
use crate::row::{self, signed};

const SESSIONS: &str = "SELECT * FROM sessions WHERE user_id = $1 ORDER BY created_at, id";
const OF_USER: &str = "SELECT m.*, u.name FROM members m LEFT JOIN users u ON u.id = m.user_id \
    WHERE m.user_id = $1 ORDER BY m.chat_id";
const OF_CHAT: &str = "SELECT m.*, u.name FROM members m LEFT JOIN users u ON u.id = m.user_id \
    WHERE m.chat_id = $1 ORDER BY m.user_id";
const SENT: &str = messages!(
    "WHERE e.chat_id = $1 AND e.actor = $2 AND e.kind = 1 AND e.seq > $3 AND e.seq <= $4 \
     ORDER BY e.seq LIMIT $5"
);
const PINNED: &str = "SELECT p.seq, p.at, p.pin_seq, e.id FROM pins p \
    JOIN events e ON e.chat_id = p.chat_id AND e.seq = p.seq \
    WHERE p.chat_id = $1 AND p.by_user = $2 ORDER BY p.pin_seq";
const ACTIVE: &str = "SELECT s.day FROM analytics_days d CROSS JOIN analytics_seen s \
    WHERE d.day >= (SELECT min(f.day) FROM analytics_seen f) \
    AND s.day = d.day AND s.kind = 0 AND s.id = $1 ORDER BY s.day";
const HOOKS: &str = concat!(
    "SELECT w.id AS webhook_id, ",
    webhook_columns!(),
    " FROM webhooks w WHERE w.created_by = $1 ORDER BY w.id"
);

#[async_trait]
impl Export for Postgres {
    async fn all_sessions_of(&self, user: UserId) -> StoreResult<Vec<Session>> {
        let rows = self.read.rows(sqlx::query(SESSIONS).bind(user.0)).await.map_err(failed)?;
        row::all(&rows, row::session).map_err(failed)
    }

    async fn memberships_of(&self, user: UserId) -> StoreResult<Vec<Membership>> {
        let rows = self.read.rows(sqlx::query(OF_USER).bind(user.0)).await.map_err(failed)?;
        row::all(&rows, export::membership).map_err(failed)
    }

    async fn memberships_in(&self, chat: ChatId) -> StoreResult<Vec<Membership>> {
        let rows = self.read.rows(sqlx::query(OF_CHAT).bind(chat.0)).await.map_err(failed)?;
        row::all(&rows, export::membership).map_err(failed)
    }

    async fn messages_of(
        &self,
        (chat, user): (ChatId, UserId),
        (after, upto): (u64, u64),
        limit: u32,
    ) -> StoreResult<Vec<MessageRow>> {
        let sent = sqlx::query(SENT).bind(chat.0).bind(user.0).bind(signed(after));
        let sent = sent.bind(signed(upto)).bind(i64::from(limit));
        let rows = self.read.rows(sent).await.map_err(failed)?;
        row::all(&rows, row::message).map_err(failed)
    }

    async fn webhooks_by(&self, user: UserId) -> StoreResult<Vec<Webhook>> {
        let found = self.read.rows(sqlx::query(HOOKS).bind(user.0)).await.map_err(failed)?;
        row::all(&found, kept::webhook).map_err(failed)
    }

    async fn pins_by(&self, chat: ChatId, user: UserId) -> StoreResult<Vec<MadePin>> {
        let pinned = sqlx::query(PINNED).bind(chat.0).bind(user.0);
        let rows = self.read.rows(pinned).await.map_err(failed)?;
        row::all(&rows, export::pin).map_err(failed)
    }

    async fn active_days_of(&self, user: UserId) -> StoreResult<Vec<Day>> {
        let rows = self.read.rows(sqlx::query(ACTIVE).bind(user.0)).await.map_err(failed)?;
        row::all(&rows, counted::day).map_err(failed)
    }
}
