//! Rooms: who is where. Sharded, so that joins do not wait for broadcasts elsewhere.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;

use parking_lot::RwLock;

use super::peer::Socket;
use crate::adapter::Adapter;
use crate::id::SocketId;

const SHARDS: usize = 16;

type Shard = RwLock<HashMap<Arc<str>, Room>>;

/// Most rooms hold one socket: a user's, a session's.
enum Room {
    One(Arc<Socket>),
    Many(HashMap<SocketId, Arc<Socket>>),
}

impl Room {
    fn add(&mut self, socket: &Arc<Socket>) {
        if let Self::One(first) = self {
            let first = (first.id().clone(), Arc::clone(first));
            *self = Self::Many(HashMap::from([first]));
        }
        if let Self::Many(sockets) = self {
            sockets.insert(socket.id().clone(), Arc::clone(socket));
        }
    }

    /// Takes one out, but not another of the same id; whether nobody is left.
    fn remove(&mut self, socket: &Socket) -> bool {
        let is_it = |known: &Arc<Socket>| std::ptr::eq(Arc::as_ptr(known), socket);
        match self {
            Self::One(only) => is_it(only),
            Self::Many(sockets) => {
                if sockets.get(socket.id()).is_some_and(is_it) {
                    sockets.remove(socket.id());
                }
                sockets.is_empty()
            }
        }
    }

    fn for_each(&self, each: &mut dyn FnMut(&Arc<Socket>)) {
        match self {
            Self::One(only) => each(only),
            Self::Many(sockets) => sockets.values().for_each(each),
        }
    }
}

/// The rooms of a namespace.
pub(crate) struct Rooms {
    shards: Vec<Shard>,
    hasher: RandomState,
    path: Arc<str>,
    /// Is told which rooms there are.
    adapter: Arc<dyn Adapter>,
}

impl Rooms {
    pub(crate) fn new(path: Arc<str>, adapter: Arc<dyn Adapter>) -> Self {
        let shards = (0..SHARDS).map(|_| Shard::default()).collect();
        Self { shards, hasher: RandomState::new(), path, adapter }
    }

    fn shard(&self, room: &str) -> &Shard {
        let index = usize::try_from(self.hasher.hash_one(room)).unwrap_or(0) % SHARDS;
        &self.shards[index]
    }

    /// Puts a socket in; the room's shared name.
    pub(crate) fn insert(&self, room: &str, socket: &Arc<Socket>) -> Arc<str> {
        let mut shard = self.shard(room).write();
        if let Some((name, _)) = shard.get_key_value(room) {
            let name = Arc::clone(name);
            if let Some(found) = shard.get_mut(room) {
                found.add(socket);
            }
            return name;
        }
        let name: Arc<str> = room.into();
        shard.insert(Arc::clone(&name), Room::One(Arc::clone(socket)));
        self.adapter.room(&self.path, room, true);
        name
    }

    /// Takes a socket out.
    pub(crate) fn remove(&self, room: &str, socket: &Socket) {
        let mut shard = self.shard(room).write();
        if shard.get_mut(room).is_some_and(|found| found.remove(socket)) {
            shard.remove(room);
            self.adapter.room(&self.path, room, false);
        }
    }

    /// Calls `each` for every socket of a room; it must not join or leave rooms.
    pub(crate) fn for_each(&self, room: &str, mut each: impl FnMut(&Arc<Socket>)) {
        if let Some(found) = self.shard(room).read().get(room) {
            found.for_each(&mut each);
        }
    }

    /// How many rooms there are.
    pub(crate) fn count(&self) -> usize {
        self.shards.iter().map(|shard| shard.read().len()).sum()
    }

    /// How many sockets a room has.
    pub(crate) fn len(&self, room: &str) -> usize {
        match self.shard(room).read().get(room) {
            None => 0,
            Some(Room::One(_)) => 1,
            Some(Room::Many(sockets)) => sockets.len(),
        }
    }
}
