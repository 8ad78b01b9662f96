//! Engine.IO v4 and Socket.IO v5 server. Knows nothing of chat.
//!
//! * [`Io`] is the server; [`Io::service`] is what an HTTP stack mounts at `/socket.io/`.
//! * A product implements [`Handler`] per namespace: who may connect, what events do.
//! * [`Namespace`] and [`Socket`] send. A [`Packet`] is encoded once and shared by all recipients.
//! * [`Adapter`] is the seam to the *other* nodes; local delivery is always the same code, for what
//!   they send, too.
//!
//! One task owns a connection: it reads, writes, keeps the heartbeat and runs the handler's turns.
//! Others only put frames into its mailbox, which is bounded in bytes: when it is full, volatile
//! packets are dropped first, then the connection is closed, so that the client resumes and
//! nothing is lost silently. Nothing ever waits for a stalled peer.

mod adapter;
mod config;
mod drain;
mod engine;
mod id;
mod io;
mod seats;
mod service;
mod socket;
mod stats;
mod websocket;

/// The parsers, for fuzzing and property tests; not part of the public interface.
#[doc(hidden)]
pub mod parsers {
    use bytes::Bytes;
    use serde_json::value::RawValue;

    pub use crate::engine::payload::{Part, Payload, encode_payload};
    pub use crate::engine::query::Query;
    use crate::socket::args::Args;
    pub use crate::socket::parser::{Incoming, Kind, parse};
    pub use crate::websocket::frame::{Decoder, Message, server_frame};
    pub use crate::websocket::handshake::{accept_key, is_upgrade};

    /// The arguments of an event or an answer.
    ///
    /// # Errors
    /// `()` if they are no array, or a placeholder stands for nothing.
    #[expect(clippy::result_unit_err, reason = "there is nothing to say but that it is wrong")]
    pub fn args(data: &RawValue, attachments: Vec<Bytes>) -> Result<Args, ()> {
        Args::parse(data, attachments)
    }
}

pub use adapter::{Adapter, Alone, Target};
pub use config::{Config, Cors, CorsOrigin, RecoveryMode, Transports};
pub use engine::raw::{RawHandler, RawMessage, RawPeer};
pub use id::{NodeId, SocketId};
pub use io::Io;
pub use seats::{Seat, Seats, network};
pub use service::{Door, EngineService, RemoteAddr};
pub use socket::ack::{AckError, AckSender};
pub use socket::args::Args;
pub use socket::broadcast::Broadcast;
pub use socket::event::Event;
pub use socket::handler::{
    Admission, ConnectRequest, Handler, Handshake, Reason, Refusal, TransportKind, Turn,
};
pub use socket::namespace::Namespace;
pub use socket::packet::{EncodeError, Packet, PacketBuilder};
pub use socket::peer::Socket;
pub use stats::{Census, Stats, Traffic};
pub use websocket::handshake::is_upgrade;
