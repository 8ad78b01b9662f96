//! Sending to many.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use super::ack::AckError;
use super::args::Args;
use super::namespace::Namespace;
use super::packet::Packet;
use super::peer::Socket;
use crate::adapter::Target;
use crate::id::SocketId;
use crate::stats::Tally;

/// What a socket answered.
type Answer = Result<Args, AckError>;

/// A choice of sockets, and what to do with them. Each socket is reached once.
#[must_use = "a choice alone does nothing"]
pub struct Broadcast<'a> {
    namespace: &'a Namespace,
    target: Target,
    local: bool,
}

impl<'a> Broadcast<'a> {
    pub(crate) fn new(namespace: &'a Namespace) -> Self {
        Self::of(namespace, Target::default())
    }

    pub(crate) fn of(namespace: &'a Namespace, target: Target) -> Self {
        Self { namespace, target, local: false }
    }

    /// Those of this room too.
    pub fn to(mut self, room: &str) -> Self {
        self.target.rooms.push(room.to_owned());
        self
    }

    /// But none of this room.
    pub fn except(mut self, room: &str) -> Self {
        self.target.except.push(room.to_owned());
        self
    }

    /// But not this one.
    pub fn except_socket(self, id: &SocketId) -> Self {
        self.except(id.as_str())
    }

    /// May be dropped.
    pub fn volatile(mut self) -> Self {
        self.target.volatile = true;
        self
    }

    /// On this node only.
    pub fn local(mut self) -> Self {
        self.local = true;
        self
    }

    /// Sends an event; how many sockets of this node were reached.
    pub fn emit(&self, packet: &Packet) -> usize {
        let volatile = self.target.volatile;
        let reached = match self.namespace.journal().filter(|_| !volatile) {
            Some(journal) => {
                journal.deliver(packet, self.target.clone(), |noted| self.deliver(noted))
            }
            None => self.deliver(packet),
        };
        if !self.local {
            self.namespace.adapter().broadcast(self.namespace.path(), &self.target, packet);
        }
        reached
    }

    fn deliver(&self, packet: &Packet) -> usize {
        let frames = packet.frames(self.namespace.path());
        let mut tally = Tally::default();
        self.for_each(|socket| tally.add(socket.offer(&frames, self.target.volatile)));
        self.namespace.note(tally);
        usize::try_from(tally.queued).unwrap_or(usize::MAX)
    }

    /// Asks the sockets of this node, each for an answer: one future per socket that is meant.
    /// The event is queued before this returns. Needs a tokio runtime.
    #[must_use]
    pub fn ask(&self, packet: &Packet, within: Duration) -> Vec<BoxFuture<'static, Answer>> {
        let ask = |socket: Arc<Socket>| {
            let packet = packet.clone();
            let asking = async move { socket.emit_with_ack(&packet, within).await };
            let mut asking: BoxFuture<'static, Answer> = Box::pin(asking);
            // Its first step queues the event: now, so that nothing overtakes it.
            match asking.as_mut().now_or_never() {
                Some(answer) => Box::pin(std::future::ready(answer)),
                None => asking,
            }
        };
        self.sockets().into_iter().map(ask).collect()
    }

    /// Lets them into a room.
    pub fn join(&self, room: &str) {
        self.sockets().iter().for_each(|socket| socket.join(room));
        if !self.local {
            self.namespace.adapter().join(self.namespace.path(), &self.target, room);
        }
    }

    /// Takes them out of a room.
    pub fn leave(&self, room: &str) {
        self.sockets().iter().for_each(|socket| socket.leave(room));
        if !self.local {
            self.namespace.adapter().leave(self.namespace.path(), &self.target, room);
        }
    }

    /// Disconnects them; with `close`, their connections too.
    pub fn disconnect(&self, close: bool) {
        for socket in self.sockets() {
            socket.disconnect();
            if close {
                socket.close();
            }
        }
        if !self.local {
            self.namespace.adapter().disconnect(self.namespace.path(), &self.target, close);
        }
    }

    /// The sockets of this node that are meant.
    #[must_use]
    pub fn sockets(&self) -> Vec<Arc<Socket>> {
        let mut sockets = Vec::new();
        self.for_each(|socket| sockets.push(Arc::clone(socket)));
        sockets
    }

    fn for_each(&self, mut each: impl FnMut(&Arc<Socket>)) {
        let mut skip: HashSet<SocketId> = HashSet::new();
        for room in &self.target.except {
            self.namespace.for_each_in(room, |socket| {
                skip.insert(socket.id().clone());
            });
        }
        let several = self.target.rooms.len() > 1;
        let mut once = |socket: &Arc<Socket>| {
            if (skip.is_empty() && !several) || !skip.contains(socket.id()) {
                if several {
                    skip.insert(socket.id().clone());
                }
                each(socket);
            }
        };
        match self.target.rooms.as_slice() {
            [] => self.namespace.for_each(once),
            rooms => rooms.iter().for_each(|room| self.namespace.for_each_in(room, &mut once)),
        }
    }
}
