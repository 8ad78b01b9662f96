//! A user's sessions: seen and ended.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use http::StatusCode;
use zvon_core::session::Session;
use zvon_protocol::ids::SessionId;
use zvon_protocol::rest::SessionView;

use crate::Edge;
use crate::caller::Authenticated;
use crate::error::HttpError;

/// `POST /auth/logout`: ends the session that asks.
pub(crate) async fn logout(
    State(edge): State<Arc<Edge>>,
    who: Authenticated,
) -> Result<StatusCode, HttpError> {
    edge.app.sign_out(who.caller).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `GET /auth/sessions`: those that are live, last used first.
pub(crate) async fn list(
    State(edge): State<Arc<Edge>>,
    who: Authenticated,
) -> Result<Json<Vec<SessionView>>, HttpError> {
    let sessions = edge.app.sessions(who.caller).await?;
    let view = |session| view(session, who.caller.session);
    Ok(Json(sessions.into_iter().map(view).collect()))
}

/// `DELETE /auth/sessions/:id`: ends one.
pub(crate) async fn end(
    State(edge): State<Arc<Edge>>,
    who: Authenticated,
    session: Result<Path<SessionId>, PathRejection>,
) -> Result<StatusCode, HttpError> {
    let Path(id) = session.map_err(|_| HttpError::bad_request("The session id must be a UUID"))?;
    edge.app.end_session(who.caller, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `DELETE /auth/sessions`: ends all others.
pub(crate) async fn end_others(
    State(edge): State<Arc<Edge>>,
    who: Authenticated,
) -> Result<StatusCode, HttpError> {
    edge.app.end_other_sessions(who.caller).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn view(session: Session, current: SessionId) -> SessionView {
    SessionView {
        id: session.id,
        is_current: session.id == current,
        device: session.device,
        address: session.address,
        created_at: session.created_at,
        last_seen_at: session.seen_at,
        expires_at: session.expires_at,
    }
}
