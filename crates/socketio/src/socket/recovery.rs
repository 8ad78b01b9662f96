//! Connection state recovery from this process's memory, as the reference server's in-memory
//! adapter does it.
//!
//! Every event carries an offset as a last argument and is kept, with its target, for as long as
//! a lost socket is remembered. A socket that comes back with its private id and an offset that
//! is still known gets its id, rooms and data back, and what its rooms heard since.

use std::any::Any;
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use super::packet::Packet;
use super::peer::Socket;
use crate::adapter::Target;
use crate::id::{SocketId, token};

/// Most packets that are kept.
const MOST: usize = 10_000;

/// What one namespace remembers.
pub(crate) struct Journal {
    keep: Duration,
    skip_middlewares: bool,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    next: u64,
    prefix: String,
    packets: VecDeque<Kept>,
    lost: HashMap<String, Lost>,
}

struct Kept {
    number: u64,
    at: Instant,
    target: Target,
    packet: Packet,
}

struct Lost {
    id: SocketId,
    rooms: Vec<String>,
    data: Arc<dyn Any + Send + Sync>,
    at: Instant,
}

/// A socket that came back.
pub(crate) struct Restored {
    pub(crate) id: SocketId,
    pub(crate) pid: String,
    pub(crate) rooms: Vec<String>,
    pub(crate) data: Arc<dyn Any + Send + Sync>,
    pub(crate) missed: Vec<Packet>,
}

impl Journal {
    pub(crate) fn new(keep: Duration, skip_middlewares: bool) -> Self {
        let state = State { prefix: token(), ..State::default() };
        Self { keep, skip_middlewares, state: Mutex::new(state) }
    }

    pub(crate) fn skips_middlewares(&self) -> bool {
        self.skip_middlewares
    }

    /// Keeps a packet; it with its offset.
    pub(crate) fn note(&self, packet: &Packet, target: Target) -> Packet {
        let now = Instant::now();
        let mut state = self.state.lock();
        state.next += 1;
        let number = state.next;
        let packet = packet.with_tail(&format!("{}-{number}", state.prefix));
        state.packets.push_back(Kept { number, at: now, target, packet: packet.clone() });
        let old = |kept: &Kept| now.duration_since(kept.at) > self.keep;
        while state.packets.len() > MOST || state.packets.front().is_some_and(old) {
            state.packets.pop_front();
        }
        packet
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
        state.lost.retain(|_, lost| now.duration_since(lost.at) <= self.keep);
        state.lost.insert(pid, lost);
    }

    /// A client wants its socket back; once.
    pub(crate) fn restore(&self, pid: &str, offset: &str) -> Option<Restored> {
        let mut state = self.state.lock();
        let (prefix, number) = offset.rsplit_once('-')?;
        let number: u64 = number.parse().ok().filter(|_| prefix == state.prefix)?;
        // The packet itself must still be there, so that nothing after it can be gone.
        let from = state.packets.iter().position(|kept| kept.number == number)?;
        let lost = state.lost.remove(pid)?;
        if lost.at.elapsed() > self.keep {
            return None;
        }
        let id = lost.id.to_string();
        let heard = |target: &Target| {
            let within = |room: &String| *room == id || lost.rooms.contains(room);
            (target.rooms.is_empty() || target.rooms.iter().any(within))
                && !target.except.iter().any(within)
        };
        let after = state.packets.iter().skip(from + 1);
        let missed = after.filter(|kept| heard(&kept.target)).map(|kept| kept.packet.clone());
        let missed = missed.collect();
        Some(Restored {
            id: lost.id,
            pid: pid.to_owned(),
            rooms: lost.rooms,
            data: lost.data,
            missed,
        })
    }
}
