//! Deliveries of webhooks, on SQLite.

use uuid::Uuid;
use zvon_core::job::Once;
use zvon_core::store::StoreResult;
use zvon_core::webhook::store::{Claimed, Health, NewDelivery, Settled};
use zvon_core::webhook::{Delivery, Try};
use zvon_protocol::ids::WebhookId;
use zvon_protocol::time::Timestamp;

use super::log::{Tx, hexes};
use super::writer::Pace;
use super::{Sqlite, failed, job};
use crate::kept::{self, webhook_columns};
use crate::row;

const QUEUE: &str = "INSERT INTO deliveries (id, webhook_id, event_id, topic, body, created_at, \
    due_at) SELECT ?1, w.id, ?3, ?4, ?5, ?6, ?6 FROM webhooks w \
    WHERE w.id = ?2 AND w.disabled_at IS NULL ON CONFLICT (webhook_id, event_id) DO NOTHING";
const IS_DUE: &str = "SELECT EXISTS (SELECT 1 FROM deliveries WHERE due_at <= ?)";
const CLAIM: &str = "UPDATE deliveries SET due_at = ?2, held_until = ?2 WHERE id IN \
    (SELECT id FROM (SELECT d.id, d.due_at, \
        row_number() OVER (PARTITION BY d.webhook_id ORDER BY d.due_at, d.id) + \
        (SELECT count(*) FROM deliveries h WHERE h.webhook_id = w.id AND h.held_until > ?1) AS place \
        FROM webhooks w JOIN deliveries d ON d.id IN (SELECT x.id FROM deliveries x \
            WHERE x.webhook_id = w.id AND x.due_at <= ?1 ORDER BY x.due_at, x.id LIMIT ?4) \
        WHERE w.disabled_at IS NULL) \
    WHERE place <= ?4 ORDER BY due_at, id LIMIT ?3) RETURNING id";
const CLAIMED: &str = concat!(
    "SELECT d.*, ",
    webhook_columns!(),
    " FROM deliveries d JOIN webhooks w ON w.id = d.webhook_id \
    WHERE d.id IN (SELECT unhex(value) FROM json_each(?)) ORDER BY d.id"
);
const SETTLE: &str = "UPDATE deliveries SET due_at = ?2, held_until = NULL, delivered = ?3, \
    tries = tries + 1, tried_at = ?4, took = ?5, status = ?6, error = ?7, \
    body = CASE WHEN ?2 IS NULL THEN '' ELSE body END \
    WHERE id = ?1 AND due_at IS NOT NULL RETURNING webhook_id";
const WELL: &str = "UPDATE webhooks SET failing_since = NULL WHERE id = ?1 \
    AND failing_since IS NOT NULL";
const FAILING: &str = "UPDATE webhooks SET failing_since = ?2 WHERE id = ?1 \
    AND failing_since IS NULL";
const DISABLE: &str = "UPDATE webhooks SET disabled_at = ?2, disabled_why = ?3 WHERE id = ?1 \
    AND disabled_at IS NULL";
const GIVE_UP: &str = "UPDATE deliveries SET due_at = NULL, held_until = NULL, body = '', \
    error = coalesce(error, 'the webhook was disabled') \
    WHERE webhook_id = ? AND due_at IS NOT NULL";
const DROP: &str = "DELETE FROM deliveries WHERE webhook_id = ?";
const NOTE: &str = "INSERT INTO deliveries (id, webhook_id, event_id, topic, body, created_at, \
    due_at, delivered, tries, tried_at, took, status, error) \
    SELECT ?1, w.id, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13 FROM webhooks w WHERE w.id = ?2 \
    ON CONFLICT (webhook_id, event_id) DO NOTHING";
const LIST: &str = "SELECT * FROM deliveries WHERE webhook_id = ?1 AND (?2 IS NULL OR id < ?2) \
    ORDER BY id DESC LIMIT ?3";
const OVERFULL: &str = "SELECT webhook_id AS id FROM deliveries WHERE due_at IS NOT NULL \
    GROUP BY webhook_id HAVING count(*) > ?";
const PURGE: &str = "DELETE FROM deliveries WHERE id IN \
    (SELECT id FROM deliveries WHERE due_at IS NULL AND created_at < ? LIMIT 1000)";

pub(super) async fn queue(store: &Sqlite, once: Once, new: &[NewDelivery]) -> StoreResult<u64> {
    let mut tx = store.begin_patiently().await?;
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
        queued += queue.execute(&mut *tx).await.map_err(failed)?.rows_affected();
    }
    tx.commit().await?;
    Ok(queued)
}

pub(super) async fn claim(
    store: &Sqlite,
    (now, until): (Timestamp, Timestamp),
    most: u32,
    each: u32,
) -> StoreResult<Vec<Claimed>> {
    let due = sqlx::query_scalar::<_, bool>(IS_DUE).bind(now.0).fetch_one(&store.readers).await;
    if most == 0 || !due.map_err(failed)? {
        return Ok(Vec::new());
    }
    let mut tx = store.begin_patiently().await?;
    let claim = sqlx::query(CLAIM).bind(now.0).bind(until.0).bind(most).bind(each);
    let ids = claim.fetch_all(&mut *tx).await.map_err(failed)?;
    let ids = row::all(&ids, |found| row::id(found, "id")).map_err(failed)?;
    let claimed = sqlx::query(CLAIMED).bind(hexes(ids.into_iter()));
    let claimed = claimed.fetch_all(&mut *tx).await.map_err(failed)?;
    tx.commit().await?;
    row::all(&claimed, kept::claimed).map_err(failed)
}

pub(super) async fn settle(
    store: &Sqlite,
    id: Uuid,
    last: &Try,
    settled: &Settled,
) -> StoreResult<()> {
    let (due, delivered) = kept::progress(settled.progress);
    let mut tx = store.begin_patiently().await?;
    let settle = sqlx::query_scalar::<_, Uuid>(SETTLE)
        .bind(id)
        .bind(due)
        .bind(delivered)
        .bind(last.at.0)
        .bind(row::signed(last.took))
        .bind(last.status)
        .bind(last.error.as_deref().map(kept::clean));
    let webhook = settle.fetch_optional(&mut *tx).await.map_err(failed)?;
    if let Some(webhook) = webhook {
        match &settled.health {
            Health::Well => {
                sqlx::query(WELL).bind(webhook).execute(&mut *tx).await.map_err(failed)?;
            }
            Health::Failing => {
                let failing = sqlx::query(FAILING).bind(webhook).bind(last.at.0);
                failing.execute(&mut *tx).await.map_err(failed)?;
            }
            Health::Disabled(why) => disable(&mut tx, WebhookId(webhook), last.at, why).await?,
        }
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
    disable.execute(&mut **tx).await.map_err(failed)?;
    sqlx::query(GIVE_UP).bind(id.0).execute(&mut **tx).await.map(drop).map_err(failed)
}

/// Drops a webhook's deliveries.
pub(super) async fn drop_all(tx: &mut Tx, id: WebhookId) -> StoreResult<()> {
    sqlx::query(DROP).bind(id.0).execute(&mut **tx).await.map(drop).map_err(failed)
}

pub(super) async fn note(store: &Sqlite, delivery: &Delivery) -> StoreResult<()> {
    let ((due, delivered), last) = (kept::progress(delivery.progress), delivery.last.as_ref());
    let note = sqlx::query(NOTE)
        .bind(delivery.id)
        .bind(delivery.webhook.0)
        .bind(&delivery.event_id)
        .bind(&delivery.topic)
        .bind(&delivery.body)
        .bind(delivery.created_at.0)
        .bind(due)
        .bind(delivered)
        .bind(delivery.tries)
        .bind(last.map(|last| last.at.0))
        .bind(last.map(|last| row::signed(last.took)))
        .bind(last.and_then(|last| last.status))
        .bind(last.and_then(|last| last.error.as_deref()).map(kept::clean));
    store.change(Pace::Prompt, note).await.map(drop)
}

pub(super) async fn list(
    store: &Sqlite,
    webhook: WebhookId,
    before: Option<Uuid>,
    limit: u32,
) -> StoreResult<Vec<Delivery>> {
    let list = sqlx::query(LIST).bind(webhook.0).bind(before).bind(limit);
    let found = list.fetch_all(&store.readers).await.map_err(failed)?;
    row::all(&found, kept::delivery).map_err(failed)
}

pub(super) async fn disable_overfull(
    store: &Sqlite,
    at: Timestamp,
    most: u32,
) -> StoreResult<Vec<WebhookId>> {
    let found = sqlx::query(OVERFULL).bind(most).fetch_all(&store.readers).await.map_err(failed)?;
    let found = row::all(&found, |found| row::id(found, "id").map(WebhookId)).map_err(failed)?;
    for webhook in &found {
        let mut tx = store.begin_patiently().await?;
        disable(&mut tx, *webhook, at, &kept::overfull(most)).await?;
        tx.commit().await?;
    }
    Ok(found)
}

pub(super) async fn purge(store: &Sqlite, before: Timestamp) -> StoreResult<u64> {
    super::in_portions(|| store.change(Pace::Patient, sqlx::query(PURGE).bind(before.0))).await
}
