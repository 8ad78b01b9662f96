//! Webhooks and their deliveries, durable.

use async_trait::async_trait;
use uuid::Uuid;
use zvon_protocol::ids::{ChatId, WebhookId};
use zvon_protocol::time::Timestamp;

use super::{Delivery, Progress, Secret, Try, Webhook};
use crate::chat::store::Author;
use crate::job::Once;
use crate::store::{StoreResult, Verdict};

/// A change of a webhook.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// It is told of events again, from now on, as if it had never failed.
    Enable,
    /// It is told nothing; what waits is given up.
    Disable,
    /// It goes, with its deliveries.
    Delete,
}

/// An event for a webhook, to be delivered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewDelivery {
    /// Identity.
    pub id: Uuid,
    /// For whom.
    pub webhook: WebhookId,
    /// The event.
    pub event_id: String,
    /// Its topic.
    pub topic: String,
    /// What is to be posted.
    pub body: String,
}

/// A delivery that somebody tries now.
#[derive(Clone, Debug)]
pub struct Claimed {
    /// It.
    pub delivery: Delivery,
    /// Its webhook.
    pub webhook: Webhook,
    /// What signs it.
    pub secret: Secret,
}

/// How a webhook is after a try.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Health {
    /// It takes what it is told.
    Well,
    /// It did not, this time.
    Failing,
    /// It is disabled, and why; what waits is given up.
    Disabled(String),
}

/// What becomes of a delivery and its webhook after a try.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settled {
    /// Of the delivery.
    pub progress: Progress,
    /// Of the webhook.
    pub health: Health,
}

/// Webhooks and their deliveries, durable.
///
/// Who may change a webhook is decided in the transaction: of a chat its admins, of all events an
/// operator. Denied: `Revoked`, `NoTarget` (none that the author may know of), `NotAnAdmin`.
#[async_trait]
pub trait WebhookStore: Send + Sync {
    /// Makes it, if its chat (or all events) has fewer than `most`. Denied: also `NoChat`,
    /// `NotAMember`, `NotAGroup`, `NotAnOperator`, `Full`.
    async fn create_webhook(
        &self,
        author: Author,
        webhook: &Webhook,
        secret: &Secret,
        most: u32,
    ) -> StoreResult<Verdict<()>>;

    /// Changes it; as it is then, or was.
    async fn change_webhook(
        &self,
        author: Author,
        id: WebhookId,
        change: Change,
    ) -> StoreResult<Verdict<Webhook>>;

    /// The webhook and its secret.
    async fn webhook(&self, id: WebhookId) -> StoreResult<Option<(Webhook, Secret)>>;

    /// Those of a chat, or those of all events, the oldest first.
    async fn webhooks(&self, chat: Option<ChatId>) -> StoreResult<Vec<Webhook>>;

    /// Whether any is enabled.
    async fn has_webhooks(&self) -> StoreResult<bool>;

    /// Those that are enabled, of all events and of these chats.
    async fn webhooks_of(&self, chats: &[ChatId]) -> StoreResult<Vec<Webhook>>;

    /// Adds deliveries, due now, of events that were not noted under the job's name, and notes
    /// them; those of webhooks that are there and enabled. How many.
    async fn queue_deliveries(&self, once: Once, new: &[NewDelivery]) -> StoreResult<u64>;

    /// Takes up to `most` due deliveries, at most `each` of one webhook: until `until` nobody else
    /// gets them.
    async fn claim_deliveries(
        &self,
        now: Timestamp,
        until: Timestamp,
        most: u32,
        each: u32,
    ) -> StoreResult<Vec<Claimed>>;

    /// A try has ended. Nothing changes for a delivery that does not wait any more.
    async fn settle_delivery(&self, id: Uuid, last: &Try, settled: &Settled) -> StoreResult<()>;

    /// Notes a delivery that was tried already, once.
    async fn note_delivery(&self, delivery: &Delivery) -> StoreResult<()>;

    /// At most `limit` deliveries of a webhook, made before that one if it is given, the newest
    /// first.
    async fn deliveries(
        &self,
        webhook: WebhookId,
        before: Option<Uuid>,
        limit: u32,
    ) -> StoreResult<Vec<Delivery>>;

    /// Disables webhooks for which more than `most` deliveries wait, and gives those up; which.
    async fn disable_overfull(&self, at: Timestamp, most: u32) -> StoreResult<Vec<WebhookId>>;

    /// Drops what does not wait any more and was made before that moment, in small transactions;
    /// how many.
    async fn purge_deliveries(&self, before: Timestamp) -> StoreResult<u64>;
}
