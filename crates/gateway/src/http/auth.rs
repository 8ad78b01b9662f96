//! Signing up and in, staying so, and the password.

use std::net::IpAddr;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{HeaderMap, StatusCode};
use zvon_core::account::Account;
use zvon_core::account::sign_in::Origin;
use zvon_core::session::Session;
use zvon_protocol::rest::{ChangePassword, Login, RefreshTokens, Register, SignedIn};
use zvon_protocol::user::Account as WireAccount;
use zvon_socketio::{RemoteAddr, network};

use super::body::Body;
use crate::Edge;
use crate::caller::Authenticated;
use crate::error::HttpError;

type Created = (StatusCode, Json<SignedIn>);

/// `POST /auth/register`.
pub(crate) async fn register(
    State(edge): State<Arc<Edge>>,
    peer: Option<axum::Extension<RemoteAddr>>,
    headers: HeaderMap,
    Body(body): Body<Register>,
) -> Result<Created, HttpError> {
    let (account, session) = edge.app.sign_up(body, &origin(peer, &headers)).await?;
    signed_in(&edge, account, &session)
}

/// `POST /auth/login`.
pub(crate) async fn login(
    State(edge): State<Arc<Edge>>,
    peer: Option<axum::Extension<RemoteAddr>>,
    headers: HeaderMap,
    Body(body): Body<Login>,
) -> Result<Created, HttpError> {
    let (account, session) = edge.app.sign_in(body, &origin(peer, &headers)).await?;
    signed_in(&edge, account, &session)
}

/// `POST /auth/refresh`: the next access token, and the refresh token after this one.
pub(crate) async fn refresh(
    State(edge): State<Arc<Edge>>,
    Body(body): Body<RefreshTokens>,
) -> Result<Created, HttpError> {
    let token = URL_SAFE_NO_PAD.decode(body.refresh_token).unwrap_or_default();
    let (account, session) = edge.app.refresh(&token).await?;
    signed_in(&edge, account, &session)
}

/// `POST /auth/password`.
pub(crate) async fn password(
    State(edge): State<Arc<Edge>>,
    who: Authenticated,
    Body(body): Body<ChangePassword>,
) -> Result<StatusCode, HttpError> {
    edge.app.change_password(who.caller, &who.account.email, body).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `GET /auth/me`.
pub(crate) async fn me(who: Authenticated) -> Json<WireAccount> {
    Json(wire(who.account))
}

fn signed_in(edge: &Edge, account: Account, session: &Session) -> Result<Created, HttpError> {
    let access_token = edge.tokens.issue(&account, session, edge.app.now()).map_err(|error| {
        tracing::error!(%error, "a token could not be made");
        HttpError::new(StatusCode::INTERNAL_SERVER_ERROR, "Internal server error")
    })?;
    let refresh_token = edge.app.refresh_token(session).map(|token| URL_SAFE_NO_PAD.encode(token));
    let answer = SignedIn { access_token, refresh_token, user: wire(account) };
    Ok((StatusCode::CREATED, Json(answer)))
}

fn wire(account: Account) -> WireAccount {
    WireAccount { id: account.id, email: account.email, name: account.name }
}

fn origin(peer: Option<axum::Extension<RemoteAddr>>, headers: &HeaderMap) -> Origin {
    let device = headers.get(http::header::USER_AGENT).and_then(|value| value.to_str().ok());
    let known = |of: fn(IpAddr) -> IpAddr| {
        peer.as_ref().map_or_else(|| "unknown".to_owned(), |peer| of(peer.0.0.ip()).to_string())
    };
    Origin {
        address: known(|address| address.to_canonical()),
        network: known(network),
        device: device.unwrap_or_default().to_owned(),
    }
}
