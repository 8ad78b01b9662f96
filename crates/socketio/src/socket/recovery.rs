//! Connection state recovery from this process's memory, as the reference server's in-memory
//! adapter does it.
//!
//! Every event carries an offset as a last argument and is kept, with its target, for as long as
//! a lost socket is remembered. A socket that comes back with its private id and an offset that
//! is still known gets its id, rooms and data back, and what its rooms heard since.
//!
//! Noting an event and queueing it to its sockets is one step, and so is finding what a socket
//! missed and letting it back into its rooms: nothing falls between, and sockets hear events in
//! the order of their offsets.

use std::any::Any;
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::Instant;

use super::packet::Packet;
use super::peer::Socket;
use crate::adapter::Target;
use crate::id::{SocketId, token};

/// Most packets that are kept.
const MOST: usize = 10_000;
/// How many lost sockets are kept before any is looked at again.
const SWEEP: usize = 64;

/// What one namespace remembers.
pub(crate) struct Journal {
    keep: Duration,
    skip_middlewares: bool,
    state: Mutex<State>,
}

struct State {
    next: u64,
    prefix: String,
    packets: VecDeque<Kept>,
    lost: HashMap<String, Lost>,
    /// When so many are lost, those who stayed away too long are forgotten.
    sweep_at: usize,
}

struct Kept {
    number: u64,
    at: Instant,
    target: Target,
    packet: Packet,
}

/// A socket that was lost.
#[derive(Clone)]
pub(crate) struct Lost {
    pub(crate) id: SocketId,
    pub(crate) rooms: Vec<String>,
    pub(crate) data: Arc<dyn Any + Send + Sync>,
    at: Instant,
}

impl Lost {
    fn hears(&self, target: &Target) -> bool {
        let within = |room: &String| *room == *self.id.as_str() || self.rooms.contains(room);
        (target.rooms.is_empty() || target.rooms.iter().any(within))
            && !target.except.iter().any(within)
    }
}

impl Journal {
    pub(crate) fn new(keep: Duration, skip_middlewares: bool) -> Self {
        let (packets, lost) = (VecDeque::new(), HashMap::new());
        let state = State { next: 0, prefix: token(), packets, lost, sweep_at: SWEEP };
        Self { keep, skip_middlewares, state: Mutex::new(state) }
    }

    pub(crate) fn skips_middlewares(&self) -> bool {
        self.skip_middlewares
    }

    /// Keeps a packet, and hands it on with its offset.
    pub(crate) fn deliver<T>(
        &self,
        packet: &Packet,
        target: Target,
        send: impl FnOnce(&Packet) -> T,
    ) -> T {
        let mut state = self.state.lock();
        let now = Instant::now();
        state.next += 1;
        let number = state.next;
        let packet = packet.with_tail(&format!("{}-{number}", state.prefix));
        state.packets.push_back(Kept { number, at: now, target, packet: packet.clone() });
        let old = |kept: &Kept| now.duration_since(kept.at) > self.keep;
        while state.packets.len() > MOST || state.packets.front().is_some_and(old) {
            state.packets.pop_front();
        }
        send(&packet)
    }

    /// A socket was lost.
    pub(crate) fn remember(&self, socket: &Arc<Socket>, rooms: &[Arc<str>]) {
        let Some(pid) = socket.pid.clone() else { return };
        let now = Instant::now();
        let lost = Lost {
            id: socket.id().clone(),
            rooms: rooms.iter().map(ToString::to_string).collect(),
            data: Arc::clone(&socket.data),
            at: now,
        };
        let mut state = self.state.lock();
        if state.lost.len() >= state.sweep_at {
            state.lost.retain(|_, lost| now.duration_since(lost.at) <= self.keep);
            state.sweep_at = SWEEP.max(state.lost.len() * 2);
        }
        state.lost.insert(pid, lost);
    }

    /// A client wants its socket back, once. `enter` lets it in and queues what it missed.
    pub(crate) fn restore<T>(
        &self,
        pid: &str,
        offset: &str,
        enter: impl FnOnce(Lost, Vec<Packet>) -> T,
    ) -> Option<T> {
        let mut state = self.state.lock();
        let (prefix, number) = offset.rsplit_once('-')?;
        let number: u64 = number.parse().ok().filter(|_| prefix == state.prefix)?;
        // The packet itself must still be there, so that nothing after it can be gone.
        let from = state.packets.iter().position(|kept| kept.number == number)?;
        let lost = state.lost.remove(pid).filter(|lost| lost.at.elapsed() <= self.keep)?;
        let after = state.packets.iter().skip(from + 1);
        let missed = after.filter(|kept| lost.hears(&kept.target)).map(|kept| kept.packet.clone());
        let missed = missed.collect();
        Some(enter(lost, missed))
    }
}
