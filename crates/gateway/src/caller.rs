//! Who is calling a route: the bearer token of the request, held against its session.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use http::header::AUTHORIZATION;
use http::request::Parts;
use zvon_core::account::Account;
use zvon_core::caller::Caller;

use crate::Edge;
use crate::error::HttpError;
use crate::http::access::Who;

/// An authenticated caller of a route.
pub(crate) struct Authenticated {
    pub(crate) caller: Caller,
    pub(crate) account: Account,
}

impl FromRequestParts<Arc<Edge>> for Authenticated {
    type Rejection = HttpError;

    async fn from_request_parts(parts: &mut Parts, edge: &Arc<Edge>) -> Result<Self, HttpError> {
        let header = parts.headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
        let token = header.and_then(|value| value.strip_prefix("Bearer ")).unwrap_or_default();
        let incomplete = || HttpError::forbidden("Invalid token payload: missing required fields");
        let bearer = match edge.tokens.read(token) {
            Ok(bearer) if bearer.incomplete => return Err(incomplete()),
            Ok(bearer) => bearer,
            Err(refused) if refused.incomplete => return Err(incomplete()),
            Err(_) => return Err(HttpError::unauthorized()),
        };
        match edge.app.authenticate(bearer.claim).await {
            Ok((caller, account)) => {
                if let Some(who) = parts.extensions.get::<Who>() {
                    who.is(caller.user);
                }
                Ok(Self { caller, account })
            }
            Err(error @ zvon_core::error::Error::Store(_)) => Err(error.into()),
            Err(_) => Err(HttpError::unauthorized()),
        }
    }
}
