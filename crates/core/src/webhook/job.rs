//! The job that makes deliveries of events.

use std::sync::Arc;

use async_trait::async_trait;
use tokio::sync::Notify;
use uuid::Uuid;
use zvon_protocol::ids::ChatId;
use zvon_protocol::record::TOPICS;

use super::store::{NewDelivery, WebhookStore};
use super::{Webhook, is_of_chat};
use crate::clock::Clock;
use crate::event_log::Record;
use crate::job::{Job, JobError, Once};
use crate::store::StoreResult;

/// The job's name.
const NAME: &str = "webhooks";

/// Makes deliveries of events for the webhooks that want them.
pub struct Webhooks {
    store: Arc<dyn WebhookStore>,
    clock: Arc<dyn Clock>,
    /// There may be something to deliver.
    due: Arc<Notify>,
}

impl Webhooks {
    /// In that store; `due` hears of new ones.
    #[must_use]
    pub fn new(store: Arc<dyn WebhookStore>, clock: Arc<dyn Clock>, due: Arc<Notify>) -> Self {
        Self { store, clock, due }
    }
}

#[async_trait]
impl Job for Webhooks {
    fn name(&self) -> &'static str {
        NAME
    }

    fn topics(&self) -> &'static [&'static str] {
        &TOPICS
    }

    /// Other systems wait for deliveries.
    fn is_prompt(&self) -> bool {
        true
    }

    /// While there is no webhook. One that is made later hears of all that is committed after its
    /// maker was answered: it is looked for after it was looked what there is.
    async fn wants_nothing(&self) -> StoreResult<bool> {
        self.store.has_webhooks().await.map(|some| !some)
    }

    async fn wants_of(&self, chats: &[ChatId]) -> StoreResult<Option<Vec<ChatId>>> {
        let webhooks = self.store.webhooks_of(chats).await?;
        // `None` if one of them is of all events.
        Ok(webhooks.into_iter().map(|webhook| webhook.chat).collect())
    }

    async fn run(&self, records: &[Record]) -> Result<(), JobError> {
        let mut chats: Vec<_> = records.iter().filter_map(chat).collect();
        chats.sort_unstable();
        chats.dedup();
        let webhooks = self.store.webhooks_of(&chats).await?;
        if webhooks.is_empty() {
            return Ok(());
        }
        let mut new = Vec::new();
        for record in records {
            new.extend(deliveries(record, &webhooks)?);
        }
        if !new.is_empty() {
            let once = Once { job: NAME, at: self.clock.now() };
            self.store.queue_deliveries(once, &new).await?;
            self.due.notify_one();
        }
        Ok(())
    }
}

/// The chat whose admins an event is the business of.
fn chat(record: &Record) -> Option<ChatId> {
    is_of_chat(record.envelope.payload.topic()).then_some(ChatId(record.key))
}

/// What of an event is to be delivered.
fn deliveries(record: &Record, webhooks: &[Webhook]) -> Result<Vec<NewDelivery>, JobError> {
    let (envelope, chat) = (&record.envelope, chat(record));
    let topic = envelope.payload.topic();
    let is_for = |webhook: &&Webhook| {
        // It is told of what happens from its making on, however late that is read.
        let is_new = webhook.created_at.0 <= envelope.timestamp;
        is_new && (webhook.chat.is_none() || webhook.chat == chat) && webhook.wants(topic)
    };
    let wanting: Vec<_> = webhooks.iter().filter(is_for).collect();
    if wanting.is_empty() {
        return Ok(Vec::new());
    }
    let body = serde_json::to_string(envelope);
    let body = body.map_err(|error| JobError::Failed(error.to_string()))?;
    let new = |webhook: &Webhook| NewDelivery {
        id: Uuid::now_v7(),
        webhook: webhook.id,
        event_id: envelope.event_id.clone(),
        topic: topic.to_owned(),
        body: body.clone(),
    };
    Ok(wanting.into_iter().map(new).collect())
}
