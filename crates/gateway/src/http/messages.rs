//! Messages by their id over REST.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use zvon_core::error::Error;
use zvon_protocol::ids::MessageId;
use zvon_protocol::message::Message;

use crate::Edge;
use crate::caller::Authenticated;
use crate::error::HttpError;

/// `GET /messages/:messageId`.
pub(crate) async fn show(
    State(edge): State<Arc<Edge>>,
    who: Authenticated,
    message: Result<Path<MessageId>, PathRejection>,
) -> Result<Json<Message>, HttpError> {
    let Path(id) = message.map_err(|_| Error::not_found("Message not found"))?;
    Ok(Json(edge.app.message(who.caller, id).await?))
}
