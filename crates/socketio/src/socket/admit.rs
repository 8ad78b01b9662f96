//! Joining a namespace: authorise, register, replay, CONNECT.

use std::any::Any;
use std::sync::Arc;

use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::greeting::{connect_frame, refused};
use super::handler::{Admission, ConnectRequest, Handshake, Reason};
use super::namespace::Namespace;
use super::peer::{Parts, Socket};
use super::recovery::Lost;
use crate::engine::frame::Frame;
use crate::engine::mailbox::Conn;
use crate::id::{SocketId, token};

/// How a CONNECT ended.
pub(crate) enum Outcome {
    /// The socket is live and its CONNECT queued.
    Admitted(Arc<Socket>),
    /// The CONNECT_ERROR.
    Refused(Frame),
}

/// Lets a client into a namespace.
pub(crate) async fn connect(
    namespace: Namespace,
    conn: Arc<Conn>,
    handshake: Arc<Handshake>,
    payload: Option<Box<RawValue>>,
) -> Outcome {
    let request = request(&namespace, &conn, handshake, payload);
    let door = Door { namespace, conn };
    let skip = door.namespace.journal().is_some_and(|journal| journal.skips_middlewares());
    if let Some(socket) = skip.then(|| door.restore(&request, None)).flatten() {
        return door.welcome(socket).await;
    }
    let admission = match door.namespace.handler().authorize(&request).await {
        Ok(admission) => admission,
        Err(refusal) => {
            let path = door.namespace.path();
            return Outcome::Refused(refused(path, &refusal.message, refusal.data.as_ref()));
        }
    };
    let restored = if skip { None } else { door.restore(&request, Some(&admission.data)) };
    match restored {
        Some(socket) => door.welcome(socket).await,
        None if admission.recovered => {
            let socket = door.enter(door.fresh(&request, admission));
            door.welcome(socket).await
        }
        None => Outcome::Admitted(door.greet(door.fresh(&request, admission))),
    }
}

/// Ends a socket whose connection goes away while it is being admitted.
struct Guard(Option<Arc<Socket>>);

impl Drop for Guard {
    fn drop(&mut self) {
        if let Some(socket) = self.0.take() {
            socket.end(Reason::TransportClose);
        }
    }
}

/// Where a client comes in.
struct Door {
    namespace: Namespace,
    conn: Arc<Conn>,
}

/// A socket before it is registered, and the rooms it begins in.
struct Entrant {
    socket: Arc<Socket>,
    rooms: Vec<String>,
}

impl Door {
    /// From this process's memory: the socket as it was, in its rooms, with what it missed.
    fn restore(
        &self,
        request: &ConnectRequest,
        data: Option<&Arc<dyn Any + Send + Sync>>,
    ) -> Option<Arc<Socket>> {
        let (pid, offset) = (request.pid.as_deref()?, request.offset.as_deref()?);
        let (socket, old) = self.namespace.journal()?.restore(pid, offset, |lost, missed| {
            let entered = self.register(self.restored(request, pid, lost, data));
            missed.iter().for_each(|packet| {
                entered.0.push(packet, false);
            });
            entered
        })?;
        old.iter().for_each(Socket::evict);
        Some(socket)
    }

    fn restored(
        &self,
        request: &ConnectRequest,
        pid: &str,
        lost: Lost,
        data: Option<&Arc<dyn Any + Send + Sync>>,
    ) -> Entrant {
        let data = data.map_or(lost.data, Arc::clone);
        let pid = Some(pid.to_owned());
        let socket = self.socket(request, lost.id, pid, data, true);
        Entrant { socket, rooms: lost.rooms }
    }

    fn fresh(&self, request: &ConnectRequest, admission: Admission) -> Entrant {
        let id = admission.id.unwrap_or_else(SocketId::random);
        let pid = self.namespace.journal().map(|_| token()).or(admission.pid);
        let socket = self.socket(request, id, pid, admission.data, admission.recovered);
        Entrant { socket, rooms: admission.rooms }
    }

    fn socket(
        &self,
        request: &ConnectRequest,
        id: SocketId,
        pid: Option<String>,
        data: Arc<dyn Any + Send + Sync>,
        recovered: bool,
    ) -> Arc<Socket> {
        Arc::new(Socket::new(Parts {
            id,
            namespace: self.namespace.clone(),
            conn: Arc::clone(&self.conn),
            handshake: Arc::clone(&request.handshake),
            data,
            pid,
            recovered,
        }))
    }

    /// Makes a socket known; whoever had its id is evicted, on whichever node it is.
    fn enter(&self, entrant: Entrant) -> Arc<Socket> {
        if entrant.socket.recovered() {
            self.namespace.adapter().evict(self.namespace.path(), entrant.socket.id());
        }
        let (socket, old) = self.register(entrant);
        old.iter().for_each(Socket::evict);
        socket
    }

    /// Makes a socket known; it, and the one that had its id.
    fn register(&self, entrant: Entrant) -> (Arc<Socket>, Option<Arc<Socket>>) {
        let old = self.namespace.register(&entrant.socket);
        entrant.rooms.iter().for_each(|room| entrant.socket.join(room));
        (entrant.socket, old)
    }

    /// A fresh socket hears CONNECT before anything else.
    fn greet(&self, entrant: Entrant) -> Arc<Socket> {
        entrant.socket.push_frames(&[connect_frame(&entrant.socket)], false);
        self.enter(entrant)
    }

    /// A recovered socket hears what it missed before CONNECT.
    async fn welcome(&self, socket: Arc<Socket>) -> Outcome {
        let mut guard = Guard(Some(Arc::clone(&socket)));
        self.namespace.handler().on_recovered(&socket).await;
        socket.push_frames(&[connect_frame(&socket)], false);
        guard.0 = None;
        Outcome::Admitted(socket)
    }
}

fn request(
    namespace: &Namespace,
    conn: &Conn,
    handshake: Arc<Handshake>,
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
        handshake,
        transport: conn.transport(),
    }
}
