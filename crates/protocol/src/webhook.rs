//! Bodies of the routes of webhooks.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::ids::{ChatId, UserId, WebhookId};
use crate::time::Timestamp;

/// `POST /api/webhooks`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CreateWebhook {
    /// Where to post: over HTTPS, at a public address.
    pub url: String,
    /// The group whose events it is told; without it all events, for operators.
    #[serde(default)]
    pub chat_id: Option<ChatId>,
    /// The topics it wants; without them all it may have.
    #[serde(default)]
    pub topics: Option<Vec<String>>,
}

/// A webhook.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct WebhookView {
    /// Identity.
    pub id: WebhookId,
    /// The group whose events it is told; none: all events.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub chat_id: Option<ChatId>,
    /// Where to.
    pub url: String,
    /// The topics it wants; none: all it may have.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub topics: Option<Vec<String>>,
    /// Who made it.
    pub created_by: UserId,
    /// When.
    pub created_at: Timestamp,
    /// Whether it is told of events.
    pub enabled: bool,
    /// Since when nothing was taken, if the last delivery was not.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub failing_since: Option<Timestamp>,
    /// Since when it is disabled, if it is.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub disabled_at: Option<Timestamp>,
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub disabled_reason: Option<String>,
}

/// 201 of `POST /api/webhooks`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CreatedWebhook {
    /// It.
    pub webhook: WebhookView,
    /// What its deliveries are signed with. It is told here and never again.
    pub secret: String,
}

/// How far a delivery is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum DeliveryState {
    /// It will be tried, again if need be.
    Waiting,
    /// It was taken.
    Delivered,
    /// It was given up.
    Failed,
}

/// How a try went.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TryView {
    /// When it ended.
    pub at: Timestamp,
    /// How long it took, in milliseconds.
    pub duration_ms: u64,
    /// The status that was answered, if anything was.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub status: Option<u16>,
    /// Why there was no answer.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub error: Option<String>,
}

/// An event for a webhook, in its delivery log.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DeliveryView {
    /// Identity.
    pub id: Uuid,
    /// The event.
    pub event_id: String,
    /// Its topic.
    pub topic: String,
    /// When the delivery was made.
    pub created_at: Timestamp,
    /// How far it is.
    pub state: DeliveryState,
    /// When it is tried next, if it is.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub next_try_at: Option<Timestamp>,
    /// How often it was tried.
    pub tries: u32,
    /// How the last try went.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub last: Option<TryView>,
}
