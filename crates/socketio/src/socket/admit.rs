//! Joining a namespace: authorise, register, replay, CONNECT.

use std::sync::Arc;

use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use super::handler::{Admission, ConnectRequest, Handshake};
use super::namespace::Namespace;
use super::peer::{Parts, Socket};
use super::recovery::Restored;
use crate::engine::frame::Frame;
use crate::engine::mailbox::Conn;
use crate::engine::slots::refused;
use crate::id::{SocketId, token};

/// How a CONNECT ended.
pub(crate) enum Outcome {
    /// The socket is live and its CONNECT queued.
    Admitted(Arc<Socket>),
    /// The text of the CONNECT_ERROR, without the Engine.IO type.
    Refused(String),
}

/// Ends a socket whose connection goes away while it is being admitted.
struct Guard(Option<Arc<Socket>>);

impl Drop for Guard {
    fn drop(&mut self) {
        if let Some(socket) = self.0.take() {
            socket.end(super::handler::Reason::TransportClose);
        }
    }
}

/// Lets a client into a namespace.
pub(crate) async fn connect(
    namespace: Namespace,
    conn: Arc<Conn>,
    handshake: Arc<Handshake>,
    payload: Option<Box<RawValue>>,
) -> Outcome {
    let request = request(&namespace, &conn, &handshake, payload);
    let restored = restore(&namespace, &request);
    let skip = restored.is_some() && namespace.journal().is_some_and(|j| j.skips_middlewares());
    let admission = if skip {
        None
    } else {
        match namespace.handler().authorize(&request).await {
            Ok(admission) => Some(admission),
            Err(refusal) => {
                let text = refused(namespace.path(), &refusal.message, refusal.data.as_ref());
                return Outcome::Refused(text);
            }
        }
    };
    let socket = Arc::new(Socket::new(parts(&namespace, &conn, &handshake, &admission, &restored)));
    if let Some(old) = namespace.get(socket.id().as_str()) {
        old.evict();
    }
    let mut guard = Guard(Some(Arc::clone(&socket)));
    namespace.register(&socket);
    for room in admission.iter().flat_map(|admission| &admission.rooms) {
        socket.join(room);
    }
    if let Some(restored) = restored {
        restored.rooms.iter().for_each(|room| socket.join(room));
        for packet in &restored.missed {
            socket.push(packet, false);
        }
    }
    namespace.handler().on_admitted(&socket).await;
    socket.push_frames(&[connect_frame(&socket)], false);
    guard.0 = None;
    Outcome::Admitted(socket)
}

fn request(
    namespace: &Namespace,
    conn: &Conn,
    handshake: &Arc<Handshake>,
    payload: Option<Box<RawValue>>,
) -> ConnectRequest {
    let fields: Map<String, Value> =
        payload.as_ref().and_then(|text| serde_json::from_str(text.get()).ok()).unwrap_or_default();
    let field = |name: &str| fields.get(name).and_then(Value::as_str).map(str::to_owned);
    ConnectRequest {
        namespace: namespace.path().to_owned(),
        pid: field("pid"),
        offset: field("offset"),
        auth: payload,
        handshake: Arc::clone(handshake),
        transport: conn.transport(),
    }
}

fn restore(namespace: &Namespace, request: &ConnectRequest) -> Option<Restored> {
    namespace.journal()?.restore(request.pid.as_deref()?, request.offset.as_deref()?)
}

fn parts(
    namespace: &Namespace,
    conn: &Arc<Conn>,
    handshake: &Arc<Handshake>,
    admission: &Option<Admission>,
    restored: &Option<Restored>,
) -> Parts {
    let data = match (admission, restored) {
        (Some(admission), _) => Arc::clone(&admission.data),
        (None, Some(restored)) => Arc::clone(&restored.data),
        (None, None) => Arc::new(()),
    };
    let named = admission.as_ref().and_then(|admission| admission.id.clone());
    let fresh_pid = || match namespace.journal() {
        Some(_) => Some(token()),
        None => admission.as_ref().and_then(|admission| admission.pid.clone()),
    };
    Parts {
        id: restored.as_ref().map(|r| r.id.clone()).or(named).unwrap_or_else(SocketId::random),
        namespace: namespace.clone(),
        conn: Arc::clone(conn),
        handshake: Arc::clone(handshake),
        data,
        pid: restored.as_ref().map(|restored| restored.pid.clone()).or_else(fresh_pid),
        recovered: restored.is_some() || admission.as_ref().is_some_and(|a| a.recovered),
    }
}

fn connect_frame(socket: &Socket) -> Frame {
    let path = socket.namespace().path();
    let mut body = json!({ "sid": socket.id().as_str() });
    if let Some(pid) = &socket.pid {
        body["pid"] = pid.as_str().into();
    }
    let space = if path == "/" { String::new() } else { format!("{path},") };
    Frame::text(&[b"40", space.as_bytes(), body.to_string().as_bytes()])
}
