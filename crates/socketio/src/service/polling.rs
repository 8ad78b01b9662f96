//! Requests of a polling session.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use bytes::{Bytes, BytesMut};
use http::header::CONTENT_TYPE;
use http::{Method, Request, StatusCode};
use http_body::Body;
use http_body_util::BodyExt;
use tokio::sync::oneshot;

use super::answer::{self, Fault, Reply};
use crate::engine::mailbox::{Conn, PollAnswer, Request as Ask};
use crate::io::Shared;
use crate::socket::handler::TransportKind;

/// Serves a GET or POST of a session.
pub(super) async fn serve<B>(
    io: &Shared,
    conn: Arc<Conn>,
    request: Request<B>,
) -> Result<Reply, Fault>
where
    B: Body<Data = Bytes> + Send + 'static,
{
    match *request.method() {
        Method::GET => get(&conn).await,
        Method::POST => post(io, conn, request).await,
        _ => Ok(answer::empty(StatusCode::INTERNAL_SERVER_ERROR)),
    }
}

async fn get(conn: &Conn) -> Result<Reply, Fault> {
    let (reply, packets) = oneshot::channel();
    conn.ask(Ask::Poll(reply));
    // Aborting the request drops the receiver, which the connection's task sees.
    match packets.await {
        Ok(PollAnswer::Body(body)) => Ok(answer::payload(body)),
        Ok(PollAnswer::Overlap) => Ok(answer::empty(StatusCode::BAD_REQUEST)),
        Err(_) if conn.transport() == TransportKind::WebSocket => Err(Fault::BadRequest),
        Err(_) => Err(Fault::UnknownSession),
    }
}

/// Holds the place of the one POST that a session may have; closes the session if the POST ends
/// before it was taken.
struct Posting {
    conn: Arc<Conn>,
    taken: bool,
}

impl Drop for Posting {
    fn drop(&mut self) {
        self.conn.posting.store(false, Ordering::Release);
        if !self.taken {
            self.conn.ask(Ask::Abort);
        }
    }
}

async fn post<B>(io: &Shared, conn: Arc<Conn>, request: Request<B>) -> Result<Reply, Fault>
where
    B: Body<Data = Bytes> + Send + 'static,
{
    if conn.posting.swap(true, Ordering::AcqRel) {
        conn.ask(Ask::Abort);
        return Ok(answer::empty(StatusCode::BAD_REQUEST));
    }
    let mut posting = Posting { conn: Arc::clone(&conn), taken: false };
    let kind = request.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    if kind.is_some_and(|kind| kind.starts_with("application/octet-stream")) {
        return Ok(answer::empty(StatusCode::BAD_REQUEST));
    }
    let read = read(request.into_body(), io.config.max_payload);
    let read = tokio::time::timeout(io.config.ping_timeout + io.config.ping_interval, read);
    // By then a session that says nothing else is over, and nobody waits for its body.
    let body = match read.await.unwrap_or(Err(BrokenOff)) {
        Ok(Some(body)) => body,
        Ok(None) => {
            posting.taken = true;
            return Ok(answer::empty(StatusCode::PAYLOAD_TOO_LARGE));
        }
        Err(BrokenOff) => return Ok(answer::empty(StatusCode::BAD_REQUEST)),
    };
    let (reply, taken) = oneshot::channel();
    conn.ask(Ask::Post(body, reply));
    let _ = taken.await;
    posting.taken = true;
    Ok(answer::ok())
}

/// How many times too long a body may be and still be read to its end, so that a client which
/// writes before it reads hears that it was too long.
const PATIENCE: usize = 8;

/// The body ended before its end.
struct BrokenOff;

/// The body, or nothing if it is longer than `max`. No more than that is held.
async fn read<B: Body<Data = Bytes>>(body: B, max: usize) -> Result<Option<Bytes>, BrokenOff> {
    let mut body = pin!(body);
    let mut all = BytesMut::new();
    let mut length = 0_usize;
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(|_| BrokenOff)?.into_data() else { continue };
        length = length.saturating_add(data.len());
        if length > max.saturating_mul(PATIENCE) {
            return Ok(None);
        }
        if length <= max {
            all.extend_from_slice(&data);
        } else {
            all = BytesMut::new();
        }
    }
    Ok((length <= max).then(|| all.freeze()))
}
