//! WebSockets: new sessions, and polling sessions that change over.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use http::header::{CONNECTION, SEC_WEBSOCKET_ACCEPT, UPGRADE};
use http::{HeaderValue, Request, StatusCode};
use hyper::upgrade::OnUpgrade;

use super::answer::{self, Fault, Reply};
use super::{handshake, new_session, open_packet};
use crate::engine::driver::Driver;
use crate::engine::frame::Frame;
use crate::engine::mailbox::{Conn, Request as Ask};
use crate::engine::query::Query;
use crate::io::Shared;
use crate::socket::handler::TransportKind;
use crate::websocket::handshake::accept_key;
use crate::websocket::link::Link;

const CLOSE_OPCODE: u8 = 0x8;

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
            let first = !conn.upgrading.swap(true, Ordering::AcqRel);
            tokio::spawn(change_over(Arc::clone(io), conn, upgrade, first));
        }
        None => {
            let conn = new_session(io, TransportKind::WebSocket);
            let handshake = handshake(io, &request, query);
            let io = Arc::clone(io);
            tokio::spawn(async move {
                match upgrade.await {
                    Ok(upgraded) => {
                        let mut link = Box::new(Link::new(upgraded, io.config.max_payload));
                        let open = open_packet(&io, &conn.sid, TransportKind::WebSocket);
                        link.push(Frame::text(&[open.as_bytes()]).websocket());
                        Box::pin(Driver::new(io, conn, Some(link), handshake).run()).await;
                    }
                    Err(_) => {
                        io.sessions.remove(&conn.sid);
                        io.counters.connections.fetch_sub(1, Ordering::Relaxed);
                    }
                }
            });
        }
    }
    Ok(switching(key))
}

/// Hands the WebSocket to the session's task; a second one for the same session is closed.
async fn change_over(io: Arc<Shared>, conn: Arc<Conn>, upgrade: OnUpgrade, first: bool) {
    let Ok(upgraded) = upgrade.await else {
        if first {
            conn.upgrading.store(false, Ordering::Release);
        }
        return;
    };
    let mut link = Box::new(Link::new(upgraded, io.config.max_payload));
    if first {
        conn.ask(Ask::Upgrade(link));
        return;
    }
    link.push_frame(CLOSE_OPCODE, &[]);
    let closed = std::future::poll_fn(|cx| link.poll_flush(cx));
    let _ = tokio::time::timeout(io.config.write_timeout, closed).await;
}

fn switching(key: HeaderValue) -> Reply {
    let mut response = answer::empty(StatusCode::SWITCHING_PROTOCOLS);
    let headers = response.headers_mut();
    headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(SEC_WEBSOCKET_ACCEPT, key);
    response
}
