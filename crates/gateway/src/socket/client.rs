//! What the edge remembers of one socket.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use parking_lot::Mutex;
use uuid::Uuid;
use zvon_core::caller::Caller;
use zvon_core::delivery::Delivery;
use zvon_core::presence::watch::Held;
use zvon_protocol::ids::{ChatId, UserId};
use zvon_protocol::time::Timestamp;
use zvon_socketio::{Seat, Socket};

use super::resume::Positions;
use super::told::Told;

/// What a socket missed of one chat, and the seq up to which that goes.
pub(crate) type Missed = (ChatId, u64, Vec<Arc<Delivery>>);

/// The state of one socket.
pub(crate) struct Client {
    /// Who it is.
    pub(crate) caller: Caller,
    /// Its name in presence: unlike the socket's id it is never used again.
    pub(crate) connection: String,
    /// When its token ends.
    pub(crate) expires_at: Timestamp,
    /// Whether it follows all of its chats by `sync`.
    synced: AtomicBool,
    /// How far it has been told each chat it joined. Whoever queues a logged event to the socket
    /// holds this lock meanwhile, so offsets go out in the order of the events they count.
    pub(crate) positions: Mutex<Positions>,
    /// What is told first: read at the handshake, taken after the CONNECT.
    pub(crate) replay: Mutex<Vec<Missed>>,
    /// Its hold on its session, from its greeting to its end.
    pub(crate) held: Mutex<Option<Held>>,
    /// What this node's sockets were told to be read.
    pub(crate) told: Arc<Told>,
    /// Its place among the user's sockets.
    _seat: Option<Seat<UserId>>,
}

impl Client {
    pub(crate) fn new(
        caller: Caller,
        expires_at: Timestamp,
        positions: Positions,
        (told, seat): (Arc<Told>, Option<Seat<UserId>>),
    ) -> Self {
        Self {
            caller,
            connection: Uuid::now_v7().to_string(),
            expires_at,
            synced: AtomicBool::new(false),
            positions: Mutex::new(positions),
            replay: Mutex::default(),
            held: Mutex::default(),
            told,
            _seat: seat,
        }
    }

    /// The client of a socket. Every socket of the namespace was admitted with one.
    pub(crate) fn of(socket: &Socket) -> Option<&Self> {
        socket.data::<Self>()
    }

    pub(crate) fn is_synced(&self) -> bool {
        self.synced.load(Ordering::Acquire)
    }

    pub(crate) fn set_synced(&self) {
        self.synced.store(true, Ordering::Release);
    }
}
