//! WebSockets: new sessions, and polling sessions that change over.

use std::sync::Arc;

use http::header::{CONNECTION, SEC_WEBSOCKET_ACCEPT, UPGRADE};
use http::{HeaderValue, Request, StatusCode};
use hyper::upgrade::OnUpgrade;

use super::answer::{self, Fault, Reply};
use super::{handshake, open_packet, register};
use crate::engine::driver::Driver;
use crate::engine::frame::Frame;
use crate::engine::mailbox::{Conn, Request as Ask};
use crate::engine::query::Query;
use crate::engine::sessions::Registration;
use crate::io::Shared;
use crate::socket::handler::{Handshake, TransportKind};
use crate::websocket::handshake::accept_key;
use crate::websocket::link::Link;

/// Answers 101 and takes the stream over when the HTTP stack lets go of it.
pub(super) fn serve<B>(
    io: &Arc<Shared>,
    session: Option<Arc<Conn>>,
    mut request: Request<B>,
    query: Query,
) -> Result<Reply, Fault> {
    let key = accept_key(request.headers()).ok_or(Fault::BadRequest)?;
    let upgrade = hyper::upgrade::on(&mut request);
    match session {
        Some(conn) => {
            let first = conn.begin_upgrade();
            tokio::spawn(change_over(Arc::clone(io), conn, upgrade, first));
        }
        None => {
            let registration = register(io, TransportKind::WebSocket, &request)?;
            let handshake = handshake(io, &request, query);
            tokio::spawn(begin(Arc::clone(io), registration, upgrade, handshake));
        }
    }
    Ok(switching(key))
}

/// Begins a session on its WebSocket. Its task is another one, so that what the HTTP stack needed
/// for the change is not held for the session's life.
async fn begin(
    io: Arc<Shared>,
    registration: Registration,
    upgrade: OnUpgrade,
    handshake: Arc<Handshake>,
) {
    let Some(mut link) = take_over(&io, upgrade).await else { return };
    let open = open_packet(&io, &registration.conn().sid, TransportKind::WebSocket);
    link.push(Frame::text(&[open.as_bytes()]).websocket());
    tokio::spawn(Driver::new(io, registration, Some(link), handshake).run());
}

/// The stream, when the HTTP stack has let go of it; in bounded time.
async fn take_over(io: &Shared, upgrade: OnUpgrade) -> Option<Box<Link>> {
    let upgraded = tokio::time::timeout(io.config.upgrade_timeout, upgrade).await.ok()?.ok()?;
    Some(Box::new(Link::new(upgraded, io.config.max_payload)))
}

/// Hands the WebSocket to the session's task; a second one for the same session is closed.
async fn change_over(io: Arc<Shared>, conn: Arc<Conn>, upgrade: OnUpgrade, first: bool) {
    match take_over(&io, upgrade).await {
        Some(link) if first => conn.ask(Ask::Upgrade(link)),
        Some(link) => link.dismiss(),
        None if first => conn.end_upgrade(),
        None => {}
    }
}

fn switching(key: HeaderValue) -> Reply {
    let mut response = answer::empty(StatusCode::SWITCHING_PROTOCOLS);
    let headers = response.headers_mut();
    headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(SEC_WEBSOCKET_ACCEPT, key);
    response
}
