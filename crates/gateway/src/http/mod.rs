//! REST, health and the web client.

pub(crate) mod access;
mod auth;
mod body;
mod chats;
mod content;
mod cors;
mod envelope;
mod health;
mod messages;
mod sessions;
mod users;
mod web;

use std::sync::Arc;

use axum::Router;
use axum::middleware;
use axum::routing::{delete, get, post};
use tower_http::catch_panic::CatchPanicLayer;

use crate::{Edge, peer};

pub(crate) use body::plain;

/// Everything that is served on the public port.
pub(crate) fn router(edge: &Arc<Edge>) -> Router {
    let chats = Router::new()
        .route("/", get(chats::list).post(chats::create))
        .route("/{chat}", get(chats::show))
        .route("/{chat}/messages", get(chats::messages).post(chats::post));
    let rest = Router::new()
        .route("/auth/register", post(auth::register))
        .route("/auth/login", post(auth::login))
        .route("/auth/refresh", post(auth::refresh))
        .route("/auth/password", post(auth::password))
        .route("/auth/logout", post(sessions::logout))
        .route("/auth/sessions", get(sessions::list).delete(sessions::end_others))
        .route("/auth/sessions/{session}", delete(sessions::end))
        .route("/auth/me", get(auth::me))
        .route("/users", get(users::list))
        .route("/api/users", get(users::list))
        .route("/messages/{message}", get(messages::show))
        .route("/api/messages/{message}", get(messages::show))
        .nest("/chats", chats.clone().layer(middleware::from_fn(web::page_for_people)))
        .nest("/api/chats", chats)
        .merge(health_routes())
        .merge(web::assets())
        .fallback(web::fallback)
        .method_not_allowed_fallback(web::fallback)
        .layer(CatchPanicLayer::custom(envelope::panicked))
        .layer(middleware::from_fn(envelope::fill))
        .layer(middleware::from_fn_with_state(Arc::clone(edge), cors::allow))
        .layer(middleware::from_fn_with_state(Arc::clone(edge), access::note))
        .with_state(Arc::clone(edge));
    rest.route_service("/socket.io/", edge.io.service())
        .layer(middleware::from_fn(content::guard))
        .layer(middleware::from_fn_with_state(Arc::clone(edge), peer::see_through))
}

/// The routes of `/health` alone.
pub(crate) fn probes(edge: &Arc<Edge>) -> Router {
    health_routes().layer(middleware::from_fn(envelope::fill)).with_state(Arc::clone(edge))
}

fn health_routes() -> Router<Arc<Edge>> {
    Router::new()
        .route("/health", get(health::health))
        .route("/health/liveness", get(health::liveness))
        .route("/health/readiness", get(health::readiness))
}
