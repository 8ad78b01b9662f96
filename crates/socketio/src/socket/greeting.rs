//! The answers to CONNECT.

use serde::Serialize;
use serde_json::Value;

use super::peer::Socket;
use crate::engine::frame::Frame;

/// CONNECT: the socket's id, and its private one.
pub(super) fn connect_frame(socket: &Socket) -> Frame {
    let body = Welcome { sid: socket.id().as_str(), pid: socket.pid.as_deref() };
    frame(b"40", socket.namespace().path(), &body)
}

/// A CONNECT_ERROR.
pub(crate) fn refused(path: &str, message: &str, data: Option<&Value>) -> Frame {
    frame(b"44", path, &Unwelcome { message, data })
}

#[derive(Serialize)]
struct Welcome<'a> {
    sid: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pid: Option<&'a str>,
}

#[derive(Serialize)]
struct Unwelcome<'a> {
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<&'a Value>,
}

fn frame(kind: &[u8], path: &str, body: &impl Serialize) -> Frame {
    let space = if path == "/" { String::new() } else { format!("{path},") };
    // Texts and JSON values can always be JSON.
    let body = serde_json::to_string(body).unwrap_or_default();
    Frame::text(&[kind, space.as_bytes(), body.as_bytes()])
}
