//! Webhooks on PostgreSQL. Their deliveries are in `delivery`.

use async_trait::async_trait;
use sqlx::Row;
use uuid::Uuid;
use zvon_core::chat::store::Author;
use zvon_core::job::Once;
use zvon_core::store::{Denied, StoreResult, Verdict};
use zvon_core::webhook::store::{Change, Claimed, NewDelivery, Settled, WebhookStore};
use zvon_core::webhook::{Delivery, Secret, Try, Webhook};
use zvon_protocol::chat::ChatKind;
use zvon_protocol::ids::{ChatId, WebhookId};
use zvon_protocol::time::Timestamp;

use super::line::Tx;
use super::{Postgres, delivery, failed, log, operator, outbox};
use crate::kept::{self, webhook_columns};
use crate::row::{self, Columns};

macro_rules! webhooks {
    ($where:literal) => {
        concat!("SELECT w.id AS webhook_id, ", webhook_columns!(), " FROM webhooks w ", $where)
    };
}
const ONE: &str = webhooks!("WHERE w.id = $1");
const LOCK: &str = webhooks!("WHERE w.id = $1 FOR NO KEY UPDATE");
const OF: &str = webhooks!("WHERE w.chat_id IS NOT DISTINCT FROM $1 ORDER BY w.id");
const ENABLED: &str = webhooks!(
    "WHERE w.disabled_at IS NULL AND (w.chat_id IS NULL \
    OR w.chat_id = ANY ($1)) ORDER BY w.id"
);
const ANY: &str = "SELECT EXISTS (SELECT 1 FROM webhooks WHERE disabled_at IS NULL) AS enabled";
const COUNT: &str = "SELECT count(*) AS n FROM webhooks WHERE chat_id IS NOT DISTINCT FROM $1";
/// Whoever makes one of all events does so alone: no chat's lock keeps the count.
const ALONE: &str = "SELECT pg_advisory_xact_lock(8820102)";
const INSERT: &str = "INSERT INTO webhooks (id, chat_id, url, secret, topics, created_by, \
    created_at) VALUES ($1, $2, $3, $4, $5, $6, $7)";
const ROLE: &str = "SELECT role FROM members WHERE chat_id = $1 AND user_id = $2 \
    AND left_seq IS NULL";
const ENABLE: &str = "UPDATE webhooks SET disabled_at = NULL, disabled_why = NULL, \
    failing_since = NULL WHERE id = $1";
const DELETE: &str = "DELETE FROM webhooks WHERE id = $1";

#[async_trait]
impl WebhookStore for Postgres {
    async fn create_webhook(
        &self,
        author: Author,
        webhook: &Webhook,
        secret: &Secret,
        most: u32,
    ) -> StoreResult<Verdict<()>> {
        let mut tx = self.rest.begin().await?;
        if let Err(denied) = log::check_session(&mut tx, author).await? {
            return Ok(Err(denied));
        }
        if let Err(denied) = rights(&mut tx, author, webhook.chat).await? {
            return Ok(Err(denied));
        }
        let count = sqlx::query(COUNT).bind(webhook.chat.map(|chat| chat.0));
        let count = tx.one(count).await.map_err(failed)?;
        if row::number(&count, "n").map_err(failed)? >= u64::from(most) {
            return Ok(Err(Denied::Full));
        }
        let insert = sqlx::query(INSERT)
            .bind(webhook.id.0)
            .bind(webhook.chat.map(|chat| chat.0))
            .bind(&webhook.url)
            .bind(&secret.0)
            .bind(kept::topics(webhook))
            .bind(webhook.created_by.0)
            .bind(webhook.created_at.0);
        tx.execute(insert).await.map_err(failed)?;
        let made = kept::told(webhook, author.user, "created");
        outbox::tell(&mut tx, author.at, &[made]).await?;
        tx.commit().await?;
        Ok(Ok(()))
    }

    async fn change_webhook(
        &self,
        author: Author,
        id: WebhookId,
        change: Change,
    ) -> StoreResult<Verdict<Webhook>> {
        let mut tx = self.rest.begin().await?;
        if let Err(denied) = log::check_session(&mut tx, author).await? {
            return Ok(Err(denied));
        }
        let found = tx.optional(sqlx::query(LOCK).bind(id.0)).await.map_err(failed)?;
        let Some(found) = found else { return Ok(Err(Denied::NoTarget)) };
        let webhook = kept::webhook(&found).map_err(failed)?;
        if let Err(denied) = rights(&mut tx, author, webhook.chat).await? {
            return Ok(Err(kept::unknown(denied)));
        }
        let (act, after) = kept::changed(&webhook, change, author.at);
        match change {
            Change::Enable => {
                tx.execute(sqlx::query(ENABLE).bind(id.0)).await.map_err(failed)?;
            }
            Change::Disable => delivery::disable(&mut tx, id, author.at, kept::BY_HAND).await?,
            Change::Delete => {
                delivery::drop_all(&mut tx, id).await?;
                tx.execute(sqlx::query(DELETE).bind(id.0)).await.map_err(failed)?;
            }
        }
        outbox::tell(&mut tx, author.at, &[kept::told(&webhook, author.user, act)]).await?;
        tx.commit().await?;
        Ok(Ok(after))
    }

    async fn webhook(&self, id: WebhookId) -> StoreResult<Option<(Webhook, Secret)>> {
        let found = self.read.optional(sqlx::query(ONE).bind(id.0)).await;
        let Some(found) = found.map_err(failed)? else { return Ok(None) };
        let webhook = kept::webhook(&found).map_err(failed)?;
        Ok(Some((webhook, kept::secret(&found).map_err(failed)?)))
    }

    async fn webhooks(&self, chat: Option<ChatId>) -> StoreResult<Vec<Webhook>> {
        let found = self.read.rows(sqlx::query(OF).bind(chat.map(|chat| chat.0))).await;
        row::all(&found.map_err(failed)?, kept::webhook).map_err(failed)
    }

    async fn has_webhooks(&self) -> StoreResult<bool> {
        let any = self.read.one(sqlx::query(ANY)).await.map_err(failed)?;
        any.try_get("enabled").map_err(failed)
    }

    async fn webhooks_of(&self, chats: &[ChatId]) -> StoreResult<Vec<Webhook>> {
        let chats: Vec<_> = chats.iter().map(|chat| chat.0).collect();
        let found = self.read.rows(sqlx::query(ENABLED).bind(chats)).await;
        row::all(&found.map_err(failed)?, kept::webhook).map_err(failed)
    }

    async fn queue_deliveries(&self, once: Once, new: &[NewDelivery]) -> StoreResult<u64> {
        delivery::queue(self, once, new).await
    }

    async fn claim_deliveries(
        &self,
        now: Timestamp,
        until: Timestamp,
        most: u32,
        each: u32,
    ) -> StoreResult<Vec<Claimed>> {
        delivery::claim(self, (now, until), most, each).await
    }

    async fn settle_delivery(&self, id: Uuid, last: &Try, settled: &Settled) -> StoreResult<()> {
        delivery::settle(self, id, last, settled).await
    }

    async fn note_delivery(&self, delivery: &Delivery) -> StoreResult<()> {
        delivery::note(self, delivery).await
    }

    async fn deliveries(
        &self,
        webhook: WebhookId,
        before: Option<Uuid>,
        limit: u32,
    ) -> StoreResult<Vec<Delivery>> {
        delivery::list(self, webhook, before, limit).await
    }

    async fn disable_overfull(&self, at: Timestamp, most: u32) -> StoreResult<Vec<WebhookId>> {
        delivery::disable_overfull(self, at, most).await
    }

    async fn purge_deliveries(&self, before: Timestamp) -> StoreResult<u64> {
        delivery::purge(self, before).await
    }
}

/// Whether the author may see to webhooks of that chat, or of all events.
async fn rights(tx: &mut Tx, author: Author, chat: Option<ChatId>) -> StoreResult<Verdict<()>> {
    let Some(id) = chat else {
        tx.rows(sqlx::query(ALONE)).await.map_err(failed)?;
        let is = operator::is_within(tx, author.user).await?;
        return Ok(if is { Ok(()) } else { Err(Denied::NotAnOperator) });
    };
    let Some(chat) = log::lock(tx, id).await? else { return Ok(Err(Denied::NoChat)) };
    let found = tx.optional(sqlx::query(ROLE).bind(id.0).bind(author.user.0)).await;
    let role = found.map_err(failed)?.map(|found| found.int("role")).transpose().map_err(failed)?;
    Ok(match role.flatten() {
        None => Err(Denied::NotAMember),
        Some(_) if chat.kind == ChatKind::Private => Err(Denied::NotAGroup),
        Some(0) => Err(Denied::NotAnAdmin),
        Some(_) => Ok(()),
    })
}
