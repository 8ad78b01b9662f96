//! REST, health and the web client.

pub(crate) mod access;
mod analytics;
mod audit;
mod auth;
mod body;
mod chats;
mod content;
mod cors;
mod describe;
mod docs;
mod envelope;
mod health;
mod messages;
mod route;
mod routes;
mod sessions;
mod users;
mod web;
mod webhooks;

use std::sync::Arc;

use axum::Router;
use axum::middleware;
use tower_http::catch_panic::CatchPanicLayer;

use crate::{Edge, peer, relay};

pub(crate) use body::plain;
pub(crate) use route::{Answer, Content, Route};
pub(crate) use routes::routes;

/// Everything that is served on the public port.
pub(crate) fn router(edge: &Arc<Edge>) -> Router {
    let rest = route::serve(routes())
        .merge(web::assets())
        .fallback(web::fallback)
        .method_not_allowed_fallback(web::fallback)
        .layer(CatchPanicLayer::custom(envelope::panicked))
        .layer(middleware::from_fn(envelope::fill))
        .layer(middleware::from_fn_with_state(Arc::clone(edge), cors::allow))
        .layer(middleware::from_fn_with_state(Arc::clone(edge), access::note))
        .with_state(Arc::clone(edge));
    let engine = Router::new()
        .route_service("/socket.io/", edge.io.service())
        .layer(middleware::from_fn_with_state(Arc::clone(edge), relay::pass));
    rest.merge(engine)
        .layer(middleware::from_fn(content::guard))
        .layer(middleware::from_fn_with_state(Arc::clone(edge), peer::see_through))
}

/// The routes of `/health` alone.
pub(crate) fn probes(edge: &Arc<Edge>) -> Router {
    let health = route::serve(routes::probes());
    health.layer(middleware::from_fn(envelope::fill)).with_state(Arc::clone(edge))
}
