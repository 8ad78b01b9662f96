//! The task that owns a connection: reader, writer, heartbeat and turns in one loop.
//!
//! It ends when the transport is gone, or after a close when what was queued is written or the
//! peer took too long for it. Sockets hear of the end at its beginning, never later.
//!
//! [`inbound`] takes what comes, [`outbound`] writes what waits, [`probe`] changes the transport,
//! [`clock`] keeps the deadlines, [`close`] ends it all. Each step says whether it moved anything;
//! the loop goes round until none did.

mod clock;
mod close;
mod inbound;
mod outbound;
mod probe;

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::{Instant, Sleep};

use self::close::Closing;
use self::inbound::Held;
use self::probe::Probe;
use super::heart::Heart;
use super::mailbox::Conn;
use super::polling::Polling;
use super::sessions::{Finishing, Registration};
use super::slots::Slots;
use crate::io::Shared;
use crate::socket::handler::{Handshake, Reason};
use crate::websocket::link::Link;

/// How often the loop goes round before other tasks get their turn.
const ROUNDS: usize = 16;
/// How long turns may go on after their connection.
const FINISH: Duration = Duration::from_secs(10);

enum Transport {
    Polling(Polling),
    WebSocket(Box<Link>),
}

/// A connection's task.
pub(crate) struct Driver {
    io: Arc<Shared>,
    conn: Arc<Conn>,
    transport: Transport,
    probe: Option<Box<Probe>>,
    heart: Heart,
    slots: Slots,
    sleep: Pin<Box<Sleep>>,
    /// The rest of a POST whose packets have to wait for turns.
    held: Option<Box<Held>>,
    /// Until when a first namespace must have been joined.
    connect_by: Option<Instant>,
    /// Until when the peer must have taken more of what is being written.
    write_by: Option<Instant>,
    closing: Option<Closing>,
    done: bool,
    /// Dropped last: then the session is no longer known.
    _registration: Registration,
}

impl Driver {
    pub(crate) fn new(
        io: Arc<Shared>,
        registration: Registration,
        link: Option<Box<Link>>,
        handshake: Arc<Handshake>,
    ) -> Self {
        let now = Instant::now();
        let config = &io.config;
        let conn = Arc::clone(registration.conn());
        let transport = match link {
            Some(link) => Transport::WebSocket(link),
            None => Transport::Polling(Polling::default()),
        };
        Self {
            heart: Heart::new(config.ping_interval, config.ping_timeout, now),
            connect_by: io.raw.is_none().then(|| now + config.connect_timeout),
            slots: Slots::new(Arc::clone(&io), Arc::clone(&conn), handshake),
            sleep: Box::pin(tokio::time::sleep_until(now)),
            transport,
            probe: None,
            held: None,
            write_by: None,
            closing: None,
            done: false,
            io,
            conn,
            _registration: registration,
        }
    }

    /// Runs until the connection is over.
    pub(crate) async fn run(mut self) {
        std::future::poll_fn(|cx| self.poll(cx)).await;
        let (io, slots) = self.let_go();
        if slots.is_leaving() {
            let finishing = Finishing::new(&io);
            let _ = tokio::time::timeout(FINISH, slots.finish()).await;
            drop(finishing);
        }
    }

    /// The session and its transport are no more; turns may still be under way.
    fn let_go(mut self) -> (Arc<Shared>, Slots) {
        self.slots.end(Reason::TransportClose);
        (self.io, self.slots)
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.conn.register(cx.waker());
        for _ in 0..ROUNDS {
            // The probe first: a poll that was sent after the upgrade comes too late.
            let mut moved = self.poll_probe(cx);
            moved |= self.take_requests();
            moved |= self.take_held();
            moved |= self.poll_read(cx);
            moved |= self.poll_turns(cx);
            moved |= self.poll_write(cx);
            moved |= self.poll_clock(cx);
            if self.done {
                return Poll::Ready(());
            }
            if !moved {
                return Poll::Pending;
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    fn poll_turns(&mut self, cx: &mut Context<'_>) -> bool {
        if self.is_ending() {
            return self.slots.poll_leaving(cx);
        }
        let moved = self.slots.poll(cx);
        if moved && self.slots.has_joined() {
            self.connect_by = None;
        }
        moved
    }

    /// Whether nothing of the peer's counts any more.
    fn is_ending(&self) -> bool {
        self.closing.is_some() || self.done
    }
}
