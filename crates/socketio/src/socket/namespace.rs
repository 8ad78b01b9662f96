//! A namespace: its handler, its sockets, its rooms.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::RwLock;

use super::broadcast::Broadcast;
use super::handler::{Handler, Reason};
use super::packet::Packet;
use super::peer::Socket;
use super::recovery::Journal;
use super::rooms::Rooms;
use crate::adapter::{Adapter, Target};
use crate::id::SocketId;
use crate::stats::{Counters, Tally};

/// A namespace. Cheap to clone.
#[derive(Clone)]
pub struct Namespace(Arc<Inner>);

struct Inner {
    path: Arc<str>,
    handler: Arc<dyn Handler>,
    adapter: Arc<dyn Adapter>,
    sockets: RwLock<HashMap<SocketId, Arc<Socket>>>,
    rooms: Rooms,
    journal: Option<Journal>,
    counters: Arc<Counters>,
}

impl Namespace {
    pub(crate) fn new(
        path: &str,
        handler: Arc<dyn Handler>,
        adapter: Arc<dyn Adapter>,
        journal: Option<Journal>,
        counters: Arc<Counters>,
    ) -> Self {
        let path: Arc<str> = path.into();
        let rooms = Rooms::new(Arc::clone(&path), Arc::clone(&adapter));
        let sockets = RwLock::default();
        Self(Arc::new(Inner { path, handler, adapter, sockets, rooms, journal, counters }))
    }

    /// Its name, with the slash.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.0.path
    }

    /// To the sockets of a room. A socket is alone in the room named by its id.
    pub fn to(&self, room: &str) -> Broadcast<'_> {
        Broadcast::new(self).to(room)
    }

    /// To all sockets.
    pub fn all(&self) -> Broadcast<'_> {
        Broadcast::new(self)
    }

    /// To the sockets of a target.
    pub fn select(&self, target: Target) -> Broadcast<'_> {
        Broadcast::of(self, target)
    }

    /// Another node's packet, to the sockets of a target on this one, if the product lets it pass.
    pub fn relay(&self, target: Target, packet: &Packet) {
        let here = self.select(target).local();
        self.0.handler.on_relayed(packet, &mut || {
            here.emit(packet);
        });
    }

    /// The socket of that id on this node.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<Arc<Socket>> {
        let id: SocketId = id.parse().ok()?;
        self.0.sockets.read().get(&id).cloned()
    }

    /// The sockets of a room on this node.
    #[must_use]
    pub fn sockets_in(&self, room: &str) -> Vec<Arc<Socket>> {
        let mut sockets = Vec::new();
        self.for_each_in(room, |socket| sockets.push(Arc::clone(socket)));
        sockets
    }

    /// Calls `each` for every socket of a room on this node. It must not join or leave rooms.
    pub fn for_each_in(&self, room: &str, mut each: impl FnMut(&Arc<Socket>)) {
        match self.get(room) {
            Some(socket) => each(&socket),
            None => self.0.rooms.for_each(room, each),
        }
    }

    /// Calls `each` for every socket on this node.
    pub fn for_each(&self, each: impl FnMut(&Arc<Socket>)) {
        self.0.sockets.read().values().for_each(each);
    }

    /// How many sockets of this node are in a room.
    #[must_use]
    pub fn room_len(&self, room: &str) -> usize {
        self.0.rooms.len(room)
    }

    /// How many rooms of this node hold a socket.
    #[must_use]
    pub fn rooms_len(&self) -> usize {
        self.0.rooms.count()
    }

    /// How many sockets it has on this node.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.sockets.read().len()
    }

    /// Whether it has none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(crate) fn handler(&self) -> &Arc<dyn Handler> {
        &self.0.handler
    }

    pub(crate) fn adapter(&self) -> &dyn Adapter {
        &*self.0.adapter
    }

    pub(crate) fn rooms(&self) -> &Rooms {
        &self.0.rooms
    }

    pub(crate) fn journal(&self) -> Option<&Journal> {
        self.0.journal.as_ref()
    }

    /// Makes a socket known; the one that had its id before, if any.
    pub(crate) fn register(&self, socket: &Arc<Socket>) -> Option<Arc<Socket>> {
        let mut sockets = self.0.sockets.write();
        let old = sockets.insert(socket.id().clone(), Arc::clone(socket));
        if old.is_none() {
            self.0.adapter.socket(&self.0.path, socket.id(), true);
        }
        old
    }

    pub(crate) fn note(&self, tally: Tally) {
        self.0.counters.note(tally);
    }

    /// A socket ended.
    pub(crate) fn forget(&self, socket: &Arc<Socket>, rooms: &[Arc<str>], reason: Reason) {
        if let Some(journal) = self.journal().filter(|_| reason.is_recoverable()) {
            journal.remember(socket, rooms);
        }
        for room in rooms {
            self.0.rooms.remove(room, socket);
        }
        let mut sockets = self.0.sockets.write();
        if sockets.get(socket.id()).is_some_and(|known| Arc::ptr_eq(known, socket)) {
            sockets.remove(socket.id());
            self.0.adapter.socket(&self.0.path, socket.id(), false);
        }
    }
}
