//! The list of people over REST.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use zvon_protocol::user::UserRow;

use crate::Edge;
use crate::caller::Authenticated;
use crate::error::HttpError;

/// `GET /api/users`.
pub(crate) async fn list(
    State(edge): State<Arc<Edge>>,
    who: Authenticated,
) -> Result<Json<Vec<UserRow>>, HttpError> {
    Ok(Json(edge.app.user_rows(who.caller).await?))
}
