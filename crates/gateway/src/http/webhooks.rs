//! Webhooks: made, seen, switched, tried and removed.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use http::StatusCode;
use schemars::JsonSchema;
use serde::Deserialize;
use uuid::Uuid;
use zvon_core::error::Error;
use zvon_core::webhook::store::Change;
use zvon_core::webhook::{Delivery, Progress, Webhook};
use zvon_protocol::ids::{ChatId, WebhookId};
use zvon_protocol::webhook::{
    CreateWebhook, CreatedWebhook, DeliveryState, DeliveryView, TryView, WebhookView,
};

use super::body::Body;
use crate::Edge;
use crate::caller::Authenticated;
use crate::error::HttpError;

type Id = Result<Path<WebhookId>, PathRejection>;

/// Whose webhooks.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Of {
    /// Those of this group; without it those of all events, for operators.
    #[schemars(with = "ChatId")]
    chat_id: Option<ChatId>,
}

/// Paging of a delivery log.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct Paging {
    /// Those made before this delivery.
    #[schemars(with = "Uuid")]
    before: Option<Uuid>,
    /// At most this many (server maximum 100).
    #[schemars(with = "u32")]
    limit: Option<u32>,
}

/// `POST /api/webhooks`.
pub(crate) async fn create(
    State(edge): State<Arc<Edge>>,
    who: Authenticated,
    Body(body): Body<CreateWebhook>,
) -> Result<(StatusCode, Json<CreatedWebhook>), HttpError> {
    let made = edge.app.create_webhook(who.caller, body.chat_id, body.url, body.topics);
    let (webhook, secret) = made.await?;
    let made = CreatedWebhook { webhook: view(webhook), secret: secret.0 };
    Ok((StatusCode::CREATED, Json(made)))
}

/// `GET /api/webhooks`.
pub(crate) async fn list(
    State(edge): State<Arc<Edge>>,
    who: Authenticated,
    of: Result<Query<Of>, QueryRejection>,
) -> Result<Json<Vec<WebhookView>>, HttpError> {
    // What is no id is the id of no chat.
    let Query(Of { chat_id }) = of.map_err(|_| HttpError::from(Error::Outsider))?;
    let webhooks = edge.app.webhooks(who.caller, chat_id).await?;
    Ok(Json(webhooks.into_iter().map(view).collect()))
}

/// `DELETE /api/webhooks/:webhookId`.
pub(crate) async fn delete(
    State(edge): State<Arc<Edge>>,
    who: Authenticated,
    id: Id,
) -> Result<StatusCode, HttpError> {
    edge.app.change_webhook(who.caller, known(id)?, Change::Delete).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `POST /api/webhooks/:webhookId/enable`.
pub(crate) async fn enable(
    State(edge): State<Arc<Edge>>,
    who: Authenticated,
    id: Id,
) -> Result<Json<WebhookView>, HttpError> {
    let webhook = edge.app.change_webhook(who.caller, known(id)?, Change::Enable).await?;
    Ok(Json(view(webhook)))
}

/// `POST /api/webhooks/:webhookId/disable`.
pub(crate) async fn disable(
    State(edge): State<Arc<Edge>>,
    who: Authenticated,
    id: Id,
) -> Result<Json<WebhookView>, HttpError> {
    let webhook = edge.app.change_webhook(who.caller, known(id)?, Change::Disable).await?;
    Ok(Json(view(webhook)))
}

/// `POST /api/webhooks/:webhookId/test`.
pub(crate) async fn test(
    State(edge): State<Arc<Edge>>,
    who: Authenticated,
    id: Id,
) -> Result<Json<DeliveryView>, HttpError> {
    let delivery = edge.app.test_webhook(who.caller, known(id)?).await?;
    Ok(Json(delivery_view(delivery)))
}

/// `GET /api/webhooks/:webhookId/deliveries`.
pub(crate) async fn deliveries(
    State(edge): State<Arc<Edge>>,
    who: Authenticated,
    id: Id,
    paging: Result<Query<Paging>, QueryRejection>,
) -> Result<Json<Vec<DeliveryView>>, HttpError> {
    let wrong = |_| HttpError::bad_request("before is a delivery's id, limit a number");
    let Query(Paging { before, limit }) = paging.map_err(wrong)?;
    let found = edge.app.webhook_deliveries(who.caller, known(id)?, before, limit).await?;
    Ok(Json(found.into_iter().map(delivery_view).collect()))
}

/// What is no id is the id of no webhook.
fn known(id: Id) -> Result<WebhookId, HttpError> {
    id.map(|Path(id)| id).map_err(|_| Error::not_found("Webhook not found").into())
}

fn view(webhook: Webhook) -> WebhookView {
    let (disabled_at, disabled_reason) = webhook.disabled.unzip();
    WebhookView {
        id: webhook.id,
        chat_id: webhook.chat,
        url: webhook.url,
        topics: webhook.topics,
        created_by: webhook.created_by,
        created_at: webhook.created_at,
        enabled: disabled_at.is_none(),
        failing_since: webhook.failing_since,
        disabled_at,
        disabled_reason,
    }
}

fn delivery_view(delivery: Delivery) -> DeliveryView {
    let (state, next_try_at) = match delivery.progress {
        Progress::Waiting(due) => (DeliveryState::Waiting, Some(due)),
        Progress::Delivered => (DeliveryState::Delivered, None),
        Progress::Failed => (DeliveryState::Failed, None),
    };
    let last = delivery.last.map(|last| TryView {
        at: last.at,
        duration_ms: last.took,
        status: last.status,
        error: last.error,
    });
    DeliveryView {
        id: delivery.id,
        event_id: delivery.event_id,
        topic: delivery.topic,
        created_at: delivery.created_at,
        state,
        next_try_at,
        tries: delivery.tries,
        last,
    }
}
