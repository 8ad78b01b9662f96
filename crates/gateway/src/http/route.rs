//! A route and what the documents say of it, made in one step: there is none without the other.
//!
//! What a route takes is read off the types of its handler's arguments (`describe`), so that part
//! cannot be left out or be wrong. What it answers is said in `routes`; the
//! authorisation matrix holds every answer of the running server against it.

use std::sync::Arc;

use axum::Router;
use axum::handler::Handler;
use axum::middleware;
use axum::routing::{MethodFilter, MethodRouter, on};
use http::StatusCode;
use schemars::{JsonSchema, Schema, SchemaGenerator};

use super::describe::{Describe, Inputs};
use super::web;
use crate::Edge;

/// Gives the schema of a type.
pub(crate) type SchemaOf = fn(&mut SchemaGenerator) -> Schema;

/// The schema of `T`.
pub(crate) fn schema_of<T: JsonSchema>(schemas: &mut SchemaGenerator) -> Schema {
    schemas.subschema_for::<T>()
}

/// One operation.
pub(crate) struct Route {
    /// `get`, `post` or `delete`.
    pub(crate) method: &'static str,
    pub(crate) path: &'static str,
    /// Another path of the same.
    pub(crate) alias: Option<&'static str>,
    /// The group it is documented in.
    pub(crate) tag: &'static str,
    /// What it does, in a sentence.
    pub(crate) about: &'static str,
    /// What it takes.
    pub(crate) inputs: Inputs,
    /// What it says when it happened, and when it did not.
    pub(crate) answers: Vec<Answer>,
    shared: bool,
    handler: MethodRouter<Arc<Edge>>,
}

/// One answer of a route.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    /// In words; of a refusal, its text.
    pub(crate) about: &'static str,
    pub(crate) content: Content,
}

/// The body of an answer.
pub(crate) enum Content {
    /// None.
    Empty,
    /// JSON of this schema.
    Json(SchemaOf),
    /// Something of this media type.
    Text(&'static str),
    /// The envelope.
    Refusal,
}

/// `GET path`.
pub(super) fn get<H, T>(path: &'static str, handler: H) -> Route
where
    H: Handler<T, Arc<Edge>>,
    T: Describe + 'static,
{
    Route::new("get", path, on(MethodFilter::GET, handler), Inputs::of::<T>())
}

/// `POST path`.
pub(super) fn post<H, T>(path: &'static str, handler: H) -> Route
where
    H: Handler<T, Arc<Edge>>,
    T: Describe + 'static,
{
    Route::new("post", path, on(MethodFilter::POST, handler), Inputs::of::<T>())
}

/// `DELETE path`.
pub(super) fn delete<H, T>(path: &'static str, handler: H) -> Route
where
    H: Handler<T, Arc<Edge>>,
    T: Describe + 'static,
{
    Route::new("delete", path, on(MethodFilter::DELETE, handler), Inputs::of::<T>())
}

impl Route {
    fn new(
        method: &'static str,
        path: &'static str,
        handler: MethodRouter<Arc<Edge>>,
        inputs: Inputs,
    ) -> Self {
        let (alias, shared, answers) = (None, false, Vec::new());
        Self { method, path, alias, tag: "", about: "", inputs, answers, shared, handler }
    }

    /// Its group, and what it does.
    pub(super) fn does(self, tag: &'static str, about: &'static str) -> Self {
        Self { tag, about, ..self }
    }

    /// The same at another path.
    pub(super) fn alias(self, path: &'static str) -> Self {
        Self { alias: Some(path), ..self }
    }

    /// Its path is an address of the web client, too: whoever asks for HTML gets that.
    pub(super) fn shared_with_client(self) -> Self {
        Self { shared: true, ..self }
    }

    /// Answers JSON.
    pub(super) fn gives<T: JsonSchema>(self, status: StatusCode, about: &'static str) -> Self {
        self.with(status, about, Content::Json(schema_of::<T>))
    }

    /// Answers 204.
    pub(super) fn gives_nothing(self, about: &'static str) -> Self {
        self.with(StatusCode::NO_CONTENT, about, Content::Empty)
    }

    /// Answers a text of some media type.
    pub(super) fn gives_text(self, media: &'static str, about: &'static str) -> Self {
        self.with(StatusCode::OK, about, Content::Text(media))
    }

    /// Refuses in the envelope.
    pub(super) fn refuses(self, status: StatusCode, text: &'static str) -> Self {
        self.with(status, text, Content::Refusal)
    }

    fn with(mut self, status: StatusCode, about: &'static str, content: Content) -> Self {
        self.answers.push(Answer { status, about, content });
        self
    }
}

/// The routes, served.
pub(super) fn serve(routes: Vec<Route>) -> Router<Arc<Edge>> {
    routes.into_iter().fold(Router::new(), |router, route| {
        let router = match route.alias {
            Some(alias) => router.route(alias, route.handler.clone()),
            None => router,
        };
        let handler = if route.shared {
            route.handler.layer(middleware::from_fn(web::page_for_people))
        } else {
            route.handler
        };
        router.route(route.path, handler)
    })
}
