//! Requests of a polling session.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use bytes::{Bytes, BytesMut};
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http::{Method, Request, StatusCode};
use http_body::Body;
use http_body_util::BodyExt;
use tokio::sync::oneshot;

use super::answer::{self, Fault, Reply};
use crate::engine::mailbox::{Conn, PollAnswer, Request as Ask};
use crate::io::Shared;

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
    let declared = request.headers().get(CONTENT_LENGTH).and_then(|len| len.to_str().ok());
    let declared: Option<usize> = declared.and_then(|len| len.parse().ok());
    let max = io.config.max_payload;
    if declared.is_some_and(|len| len > max) {
        posting.taken = true;
        return Ok(answer::empty(StatusCode::PAYLOAD_TOO_LARGE));
    }
    let body = match read(request.into_body(), max).await {
        Ok(body) => body,
        Err(TooLong(true)) => {
            posting.taken = true;
            return Ok(answer::empty(StatusCode::PAYLOAD_TOO_LARGE));
        }
        Err(TooLong(false)) => return Ok(answer::empty(StatusCode::BAD_REQUEST)),
    };
    posting.taken = true;
    let (reply, taken) = oneshot::channel();
    conn.ask(Ask::Post(body, reply));
    let _ = taken.await;
    Ok(answer::ok())
}

/// Why a body could not be read: it was too long, or it broke off.
struct TooLong(bool);

async fn read<B: Body<Data = Bytes>>(body: B, max: usize) -> Result<Bytes, TooLong> {
    let mut body = pin!(body);
    let mut all = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| TooLong(false))?;
        if let Ok(data) = frame.into_data() {
            if all.len() + data.len() > max {
                return Err(TooLong(true));
            }
            all.extend_from_slice(&data);
        }
    }
    Ok(all.freeze())
}
