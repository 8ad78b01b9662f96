//! The seam to the other nodes.
//!
//! Outbound, the engine calls an [`Adapter`] after it has done the same to its own sockets.
//! Inbound, an adapter hands on packets with [`Namespace::relay`], and does what else another node
//! asks with [`Namespace::select`] and [`local`](crate::Broadcast::local); both reach this node's
//! sockets and are not told again.

use crate::id::SocketId;
use crate::socket::namespace::Namespace;
use crate::socket::packet::Packet;

/// Which sockets are meant. No rooms means all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Target {
    /// In any of these rooms.
    pub rooms: Vec<String>,
    /// And in none of these. A socket is alone in the room named by its id.
    pub except: Vec<String>,
    /// Whether the packet may be dropped.
    pub volatile: bool,
}

/// What the *other* nodes should do. Calls never block: an implementation queues, and may lose.
/// They come from any task; for one room in the order in which this node did the same.
pub trait Adapter: Send + Sync {
    /// A namespace is served from now on; its name was not served before.
    fn attach(&self, _namespace: &Namespace) {}

    /// A room of this node has got its first socket, or lost its last. Called under the room's
    /// lock, in order: it must be quick, and must not call the namespace.
    fn room(&self, _namespace: &str, _room: &str, _occupied: bool) {}

    /// A socket has come to this node or gone from it: its own room, which is not told of by
    /// [`Adapter::room`]. Under a lock, too.
    fn socket(&self, _namespace: &str, _id: &SocketId, _here: bool) {}

    /// A socket of that id was recovered on this node. Who still has it lets go of its connection,
    /// without telling the client to stay away: it is here by now.
    fn evict(&self, _namespace: &str, _id: &SocketId) {}

    /// Send a packet to the sockets of the target.
    fn broadcast(&self, namespace: &str, target: &Target, packet: &Packet);

    /// Let the sockets of the target into a room.
    fn join(&self, namespace: &str, target: &Target, room: &str);

    /// Take the sockets of the target out of a room.
    fn leave(&self, namespace: &str, target: &Target, room: &str);

    /// Disconnect the sockets of the target; with `close`, their connections too.
    fn disconnect(&self, namespace: &str, target: &Target, close: bool);
}

/// There are no other nodes.
#[derive(Clone, Copy, Debug, Default)]
pub struct Alone;

impl Adapter for Alone {
    fn broadcast(&self, _: &str, _: &Target, _: &Packet) {}
    fn join(&self, _: &str, _: &Target, _: &str) {}
    fn leave(&self, _: &str, _: &Target, _: &str) {}
    fn disconnect(&self, _: &str, _: &Target, _: bool) {}
}
