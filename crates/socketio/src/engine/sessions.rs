//! Finds a connection by its session id.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use parking_lot::RwLock;

use super::mailbox::{Conn, Request};
use crate::id::{NodeId, token};
use crate::io::Shared;
use crate::seats::{Seat, network};
use crate::socket::handler::{Reason, TransportKind};
use crate::stats::{Census, count};

/// All live sessions.
#[derive(Default)]
pub(crate) struct Sessions(RwLock<HashMap<Arc<str>, Arc<Conn>>>);

impl Sessions {
    fn insert(&self, conn: Arc<Conn>) {
        self.0.write().insert(Arc::clone(&conn.sid), conn);
    }

    fn remove(&self, sid: &str) {
        self.0.write().remove(sid);
    }

    pub(crate) fn get(&self, sid: &str) -> Option<Arc<Conn>> {
        self.0.read().get(sid).cloned()
    }

    pub(crate) fn all(&self) -> Vec<Arc<Conn>> {
        self.0.read().values().cloned().collect()
    }
}

impl Shared {
    /// Looks at every live connection.
    pub(crate) fn census(&self) -> Census {
        let mut census = Census::default();
        for conn in self.sessions.0.read().values() {
            let waiting = conn.waiting_bytes() as u64;
            census.waiting_bytes += waiting;
            census.most_waiting = census.most_waiting.max(waiting);
            match conn.transport() {
                TransportKind::Polling => census.polling += 1,
                TransportKind::WebSocket => census.websocket += 1,
            }
        }
        census
    }
}

/// A session is known and counted for as long as this lives, however its task ends.
pub(crate) struct Registration {
    io: Arc<Shared>,
    conn: Arc<Conn>,
    _seat: Option<Seat<IpAddr>>,
}

impl Registration {
    /// Makes a session of that address under a fresh id; `None` if the address has too many.
    pub(crate) fn new(io: &Arc<Shared>, kind: TransportKind, address: IpAddr) -> Option<Self> {
        let seat = match io.config.max_per_address {
            Some(most) => Some(io.addresses.take(network(address), most)?),
            None => None,
        };
        let node = io.config.node_id.as_ref().map_or("", NodeId::as_str);
        let sid = format!("{node}{}", token());
        let conn = Arc::new(Conn::new(&sid, kind, io.config.max_queue_bytes));
        io.sessions.insert(Arc::clone(&conn));
        count(&io.counters.handshakes);
        count(&io.counters.connections);
        // It may have been let in just before the door closed.
        if io.draining.load(Ordering::SeqCst) {
            conn.ask(Request::Close(Reason::Draining));
        }
        Some(Self { io: Arc::clone(io), conn, _seat: seat })
    }

    pub(crate) fn conn(&self) -> &Arc<Conn> {
        &self.conn
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        self.conn.kill();
        self.io.sessions.remove(&self.conn.sid);
        self.io.counters.connections.fetch_sub(1, Ordering::SeqCst);
        self.io.closed.notify_waiters();
    }
}

/// Turns go on after their connection's end; a drain waits for them for as long as this lives.
pub(crate) struct Finishing(Arc<Shared>);

impl Finishing {
    pub(crate) fn new(io: &Arc<Shared>) -> Self {
        io.finishing.fetch_add(1, Ordering::SeqCst);
        Self(Arc::clone(io))
    }
}

impl Drop for Finishing {
    fn drop(&mut self) {
        self.0.finishing.fetch_sub(1, Ordering::SeqCst);
        self.0.closed.notify_waiters();
    }
}
