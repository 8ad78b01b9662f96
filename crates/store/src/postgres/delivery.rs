//! Deliveries of webhooks, on PostgreSQL.
//!
//! Whoever ends a try locks the webhook first and then its deliveries, as does whoever disables or
//! deletes it; whoever claims deliveries passes over those that are locked.

use sqlx::Row;
use uuid::Uuid;
use zvon_core::job::Once;
use zvon_core::store::StoreResult;
use zvon_core::webhook::store::{Claimed, Health, NewDelivery, Settled};
use zvon_core::webhook::{Delivery, Try};
use zvon_protocol::ids::WebhookId;
use zvon_protocol::time::Timestamp;

use super::line::Tx;
use super::{Postgres, failed, job};
use crate::kept::{self, webhook_columns};
use crate::row;

const QUEUE: &str = "INSERT INTO deliveries (id, webhook_id, event_id, topic, body, created_at, \
    due_at) SELECT $1, w.id, $3, $4, $5, $6, $6 FROM webhooks w \
    WHERE w.id = $2 AND w.disabled_at IS NULL ON CONFLICT (webhook_id, event_id) DO NOTHING";
const IS_DUE: &str = "SELECT EXISTS (SELECT 1 FROM deliveries WHERE due_at <= $1) AS due";
const CLAIM: &str = concat!(
    "WITH due AS MATERIALIZED (SELECT d.id FROM webhooks w CROSS JOIN LATERAL \
        (SELECT x.id, x.due_at FROM deliveries x WHERE x.webhook_id = w.id AND x.due_at <= $1 \
        ORDER BY x.due_at, x.id LIMIT greatest(0, $4 - (SELECT count(*) FROM deliveries h \
            WHERE h.webhook_id = w.id AND h.held_until > $1)) FOR UPDATE SKIP LOCKED) d \
        WHERE w.disabled_at IS NULL ORDER BY d.due_at, d.id LIMIT $3) \
    UPDATE deliveries d SET due_at = $2, held_until = $2 FROM due, webhooks w \
    WHERE d.id = due.id AND w.id = d.webhook_id RETURNING d.id, d.webhook_id, d.event_id, d.topic, \
    d.body, d.created_at, d.due_at, d.delivered, d.tries, d.tried_at, d.took, d.status, d.error, ",
    webhook_columns!()
);
const LOCK: &str = "SELECT w.id FROM webhooks w WHERE w.id = \
    (SELECT webhook_id FROM deliveries WHERE id = $1) FOR NO KEY UPDATE";
const SETTLE: &str = "UPDATE deliveries SET due_at = $2, held_until = NULL, delivered = $3, \
    tries = tries + 1, tried_at = $4, took = $5, status = $6, error = $7, \
    body = CASE WHEN $2 IS NULL THEN '' ELSE body END \
    WHERE id = $1 AND due_at IS NOT NULL";
const WELL: &str = "UPDATE webhooks SET failing_since = NULL WHERE id = $1 \
    AND failing_since IS NOT NULL";
const FAILING: &str = "UPDATE webhooks SET failing_since = $2 WHERE id = $1 \
    AND failing_since IS NULL";
const DISABLE: &str = "UPDATE webhooks SET disabled_at = $2, disabled_why = $3 WHERE id = $1 \
    AND disabled_at IS NULL";
const GIVE_UP: &str = "UPDATE deliveries SET due_at = NULL, held_until = NULL, body = '', \
    error = coalesce(error, 'the webhook was disabled') \
    WHERE webhook_id = $1 AND due_at IS NOT NULL";
const DROP: &str = "DELETE FROM deliveries WHERE webhook_id = $1";
const NOTE: &str = "INSERT INTO deliveries (id, webhook_id, event_id, topic, body, created_at, \
    due_at, delivered, tries, tried_at, took, status, error) \
    SELECT $1, w.id, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13 FROM webhooks w WHERE w.id = $2 \
    ON CONFLICT (webhook_id, event_id) DO NOTHING";
const LIST: &str = "SELECT * FROM deliveries WHERE webhook_id = $1 AND ($2 IS NULL OR id < $2) \
    ORDER BY id DESC LIMIT $3";
const OVERFULL: &str = "SELECT webhook_id AS id FROM deliveries WHERE due_at IS NOT NULL \
    GROUP BY webhook_id HAVING count(*) > $1";
const PURGE: &str = "DELETE FROM deliveries WHERE id IN \
    (SELECT id FROM deliveries WHERE due_at IS NULL AND created_at < $1 LIMIT 1000)";

pub(super) async fn queue(store: &Postgres, once: Once, new: &[NewDelivery]) -> StoreResult<u64> {
    let mut tx = store.rest.begin().await?;
    let events = new.iter().map(|one| one.event_id.as_str());
    let fresh = job::fresh(&mut tx, once, events).await?;
    let mut queued = 0;
    for one in new.iter().filter(|one| fresh.contains(&one.event_id)) {
        let queue = sqlx::query(QUEUE)
            .bind(one.id)
            .bind(one.webhook.0)
            .bind(&one.event_id)
            .bind(&one.topic)
            .bind(&one.body)
            .bind(once.at.0);
        queued += tx.execute(queue).await.map_err(failed)?;
    }
    tx.commit().await?;
    Ok(queued)
}

pub(super) async fn claim(
    store: &Postgres,
    (now, until): (Timestamp, Timestamp),
    most: u32,
    each: u32,
) -> StoreResult<Vec<Claimed>> {
    let due = store.rest.one(sqlx::query(IS_DUE).bind(now.0)).await.map_err(failed)?;
    if most == 0 || !due.try_get::<bool, _>("due").map_err(failed)? {
        return Ok(Vec::new());
    }
    let claim = sqlx::query(CLAIM).bind(now.0).bind(until.0);
    let claim = claim.bind(i64::from(most)).bind(i64::from(each));
    let mut tx = store.rest.begin().await?;
    let mut claimed = tx.rows(claim).await.map_err(failed)?;
    tx.commit().await?;
    claimed.sort_by_key(|found| row::id(found, "id").ok());
    row::all(&claimed, kept::claimed).map_err(failed)
}

pub(super) async fn settle(
    store: &Postgres,
    id: Uuid,
    last: &Try,
    settled: &Settled,
) -> StoreResult<()> {
    let (due, delivered) = kept::progress(settled.progress);
    let mut tx = store.rest.begin().await?;
    let webhook = tx.optional(sqlx::query(LOCK).bind(id)).await.map_err(failed)?;
    let Some(webhook) = webhook else { return Ok(()) };
    let webhook = row::id(&webhook, "id").map_err(failed)?;
    let settle = sqlx::query(SETTLE)
        .bind(id)
        .bind(due)
        .bind(i64::from(delivered))
        .bind(last.at.0)
        .bind(row::signed(last.took))
        .bind(last.status.map(i64::from))
        .bind(last.error.as_deref().map(kept::clean));
    if tx.execute(settle).await.map_err(failed)? == 0 {
        return Ok(());
    }
    match &settled.health {
        Health::Well => {
            tx.execute(sqlx::query(WELL).bind(webhook)).await.map_err(failed)?;
        }
        Health::Failing => {
            let failing = sqlx::query(FAILING).bind(webhook).bind(last.at.0);
            tx.execute(failing).await.map_err(failed)?;
        }
        Health::Disabled(why) => disable(&mut tx, WebhookId(webhook), last.at, why).await?,
    }
    tx.commit().await
}

/// Disables a webhook, if it is not, and gives up what waits for it.
pub(super) async fn disable(
    tx: &mut Tx,
    id: WebhookId,
    at: Timestamp,
    why: &str,
) -> StoreResult<()> {
    let disable = sqlx::query(DISABLE).bind(id.0).bind(at.0).bind(kept::clean(why));
    tx.execute(disable).await.map_err(failed)?;
    tx.execute(sqlx::query(GIVE_UP).bind(id.0)).await.map(drop).map_err(failed)
}

/// Drops a webhook's deliveries.
pub(super) async fn drop_all(tx: &mut Tx, id: WebhookId) -> StoreResult<()> {
    tx.execute(sqlx::query(DROP).bind(id.0)).await.map(drop).map_err(failed)
}

pub(super) async fn note(store: &Postgres, delivery: &Delivery) -> StoreResult<()> {
    let ((due, delivered), last) = (kept::progress(delivery.progress), delivery.last.as_ref());
    let note = sqlx::query(NOTE)
        .bind(delivery.id)
        .bind(delivery.webhook.0)
        .bind(&delivery.event_id)
        .bind(&delivery.topic)
        .bind(&delivery.body)
        .bind(delivery.created_at.0)
        .bind(due)
        .bind(i64::from(delivered))
        .bind(i64::from(delivery.tries))
        .bind(last.map(|last| last.at.0))
        .bind(last.map(|last| row::signed(last.took)))
        .bind(last.and_then(|last| last.status).map(i64::from))
        .bind(last.and_then(|last| last.error.as_deref()).map(kept::clean));
    store.rest.execute(note).await.map(drop).map_err(failed)
}

pub(super) async fn list(
    store: &Postgres,
    webhook: WebhookId,
    before: Option<Uuid>,
    limit: u32,
) -> StoreResult<Vec<Delivery>> {
    let list = sqlx::query(LIST).bind(webhook.0).bind(before);
    let found = store.read.rows(list.bind(i64::from(limit))).await.map_err(failed)?;
    row::all(&found, kept::delivery).map_err(failed)
}

pub(super) async fn disable_overfull(
    store: &Postgres,
    at: Timestamp,
    most: u32,
) -> StoreResult<Vec<WebhookId>> {
    let read = sqlx::query(OVERFULL).bind(i64::from(most));
    let found = store.rest.rows(read).await.map_err(failed)?;
    let found = row::all(&found, |found| row::id(found, "id").map(WebhookId)).map_err(failed)?;
    for webhook in &found {
        let mut tx = store.rest.begin().await?;
        disable(&mut tx, *webhook, at, &kept::overfull(most)).await?;
        tx.commit().await?;
    }
    Ok(found)
}

pub(super) async fn purge(store: &Postgres, before: Timestamp) -> StoreResult<u64> {
    super::in_portions(|| store.rest.execute(sqlx::query(PURGE).bind(before.0))).await
}
