//! Making, seeing, changing and trying webhooks: an admin for their group, an operator for all
//! events.

use std::sync::Arc;

use serde_json::json;
use uuid::Uuid;
use zvon_protocol::chat::{ChatKind, Role};
use zvon_protocol::error::Code;
use zvon_protocol::ids::{ChatId, WebhookId};
use zvon_protocol::record::{TOPICS, VERSION};

use super::store::Change;
use super::{Delivery, Progress, Secret, Webhook, courier, is_of_chat, schedule};
use crate::App;
use crate::caller::Caller;
use crate::error::{Error, Result};
use crate::limits::Class;
use crate::store::Denied;

/// Most bytes of a URL.
const URL: usize = 2048;
/// Most deliveries of a page.
const PAGE: u32 = 100;
/// What a test call tells.
const TEST: &str = "webhook.test";
const UNKNOWN: &str = "Webhook not found";

impl App {
    /// Makes a webhook of a group, or of all events; its secret is never told again.
    ///
    /// # Errors
    /// `Invalid` (the URL or a topic), `Forbidden`, `Conflict` (there are enough), `RateLimited`, or
    /// the store's.
    pub async fn create_webhook(
        self: &Arc<Self>,
        caller: Caller,
        chat: Option<ChatId>,
        url: String,
        topics: Option<Vec<String>>,
    ) -> Result<(Webhook, Secret)> {
        self.count(caller, Class::Webhook).await?;
        if url.len() > URL {
            return Err(Error::invalid("url: it is longer than 2048 bytes"));
        }
        let refused = |why| Error::RefusedWith(Code::Invalid, format!("url: {why}"));
        self.backing.post.check(&url).map_err(refused)?;
        let topics = topics.map(|topics| check_topics(chat, topics)).transpose()?;
        let now = self.now();
        let (id, secret) = (WebhookId(Uuid::now_v7()), Secret::random());
        let created_by = caller.user;
        let (created_at, failing_since, disabled) = (now, None, None);
        let webhook =
            Webhook { id, chat, url, topics, created_by, created_at, failing_since, disabled };
        let most = self.settings.webhooks_max;
        let made = self.store().create_webhook(caller.author(now), &webhook, &secret, most).await?;
        made.map_err(explain)?;
        tracing::info!(webhook.id = %id, user.id = %caller.user, "a webhook was made");
        Ok((webhook, secret))
    }

    /// A group's webhooks, or those of all events, the oldest first.
    ///
    /// # Errors
    /// `Forbidden`, or the store's.
    pub async fn webhooks(
        self: &Arc<Self>,
        caller: Caller,
        chat: Option<ChatId>,
    ) -> Result<Vec<Webhook>> {
        match chat {
            None => self.check_operator(caller).await?,
            Some(chat) => {
                if !self.is_admin(caller, chat).await?.ok_or(Error::Outsider)? {
                    return Err(Denied::NotAnAdmin.into());
                }
            }
        }
        Ok(self.store().webhooks(chat).await?)
    }

    /// Enables, disables or deletes a webhook; as it is then, or was.
    ///
    /// # Errors
    /// `NotFound`, `Forbidden`, `RateLimited`, or the store's.
    pub async fn change_webhook(
        self: &Arc<Self>,
        caller: Caller,
        id: WebhookId,
        change: Change,
    ) -> Result<Webhook> {
        self.count(caller, Class::Webhook).await?;
        let changed = self.store().change_webhook(caller.author(self.now()), id, change).await?;
        changed.map_err(explain)
    }

    /// Posts a test event to a webhook at once, once; how it went.
    ///
    /// # Errors
    /// `NotFound`, `Forbidden`, `RateLimited`, or the store's.
    pub async fn test_webhook(self: &Arc<Self>, caller: Caller, id: WebhookId) -> Result<Delivery> {
        self.count(caller, Class::Webhook).await?;
        let (webhook, secret) = self.managed(caller, id).await?;
        let now = self.now();
        let event_id = format!("{}-test{}", now.0, &Uuid::new_v4().simple().to_string()[..9]);
        let data = json!({ "webhookId": id, "chatId": webhook.chat, "requestedBy": caller.user });
        let body = json!({ "eventId": event_id, "eventType": TEST, "timestamp": now.0,
            "version": VERSION, "data": data });
        let mut delivery = Delivery {
            id: Uuid::now_v7(),
            webhook: id,
            event_id,
            topic: TEST.to_owned(),
            body: body.to_string(),
            created_at: now,
            progress: Progress::Failed,
            tries: 0,
            last: None,
        };
        let (post, clock) = (&*self.backing.post, &*self.backing.clock);
        let last = courier::attempt(post, clock, (&webhook, &secret), &delivery).await;
        if schedule::is_taken(&last) {
            delivery.progress = Progress::Delivered;
        }
        (delivery.body, delivery.tries, delivery.last) = (String::new(), 1, Some(last));
        self.store().note_delivery(&delivery).await?;
        Ok(delivery)
    }

    /// A webhook's delivery log, the newest first.
    ///
    /// # Errors
    /// `NotFound`, `Forbidden`, or the store's.
    pub async fn webhook_deliveries(
        self: &Arc<Self>,
        caller: Caller,
        id: WebhookId,
        before: Option<Uuid>,
        limit: Option<u32>,
    ) -> Result<Vec<Delivery>> {
        self.managed(caller, id).await?;
        let limit = limit.unwrap_or(PAGE).clamp(1, PAGE);
        Ok(self.store().deliveries(id, before, limit).await?)
    }

    /// The webhook, if the caller may see to it.
    async fn managed(&self, caller: Caller, id: WebhookId) -> Result<(Webhook, Secret)> {
        let unknown = || Error::not_found(UNKNOWN);
        let found = self.store().webhook(id).await?.ok_or_else(unknown)?;
        let may = match found.0.chat {
            None => Some(self.store().is_operator(caller.user).await?).filter(|may| *may),
            Some(chat) => self.is_admin(caller, chat).await?,
        };
        match may {
            Some(true) => Ok(found),
            Some(false) => Err(Denied::NotAnAdmin.into()),
            None => Err(unknown()),
        }
    }

    /// Whether the caller is an admin of a group; `None` if they are not in it.
    async fn is_admin(&self, caller: Caller, chat: ChatId) -> Result<Option<bool>> {
        let Some(member) = self.store().member(chat, caller.user).await? else { return Ok(None) };
        let kind = self.store().chat(chat).await?.map(|chat| chat.kind);
        if kind != Some(ChatKind::Group) {
            return Err(Denied::NotAGroup.into());
        }
        Ok(Some(member.role == Role::Admin))
    }
}

/// Topics that such a webhook may have, without repetition.
fn check_topics(chat: Option<ChatId>, mut topics: Vec<String>) -> Result<Vec<String>> {
    topics.sort_unstable();
    topics.dedup();
    let may = |topic: &str| TOPICS.contains(&topic) && (chat.is_none() || is_of_chat(topic));
    match topics.iter().find(|topic| !may(topic)) {
        Some(topic) => {
            let text = format!("topics: there is no topic {topic:?} for this webhook");
            Err(Error::RefusedWith(Code::Invalid, text))
        }
        None if topics.is_empty() => Err(Error::invalid("topics: name some, or leave them out")),
        None => Ok(topics),
    }
}

/// The texts of what a store's verdict means for a webhook.
fn explain(denied: Denied) -> Error {
    match denied {
        Denied::NoTarget => Error::not_found(UNKNOWN),
        Denied::Full => {
            Error::Refused(Code::Conflict, "There are as many webhooks as there may be")
        }
        other => other.into(),
    }
}
