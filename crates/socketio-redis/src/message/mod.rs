//! The messages that nodes exchange: the cluster protocol of the JavaScript adapters (`@socket.io/
//! redis-adapter` 8.3), sharded. JSON, or `MessagePack` if there is binary inside.

mod decode;
mod encode;

use std::time::Duration;

use serde_json::value::RawValue;
use zvon_socketio::{Args, Packet, Target};

pub use decode::decode;
pub use encode::{Encoder, Payload};

/// What the types of messages are called, by their numbers.
pub mod kind {
    /// Send an event to sockets; with a request id, and collect their answers.
    pub const BROADCAST: u8 = 3;
    /// Let sockets into rooms.
    pub const JOIN: u8 = 4;
    /// Take sockets out of rooms.
    pub const LEAVE: u8 = 5;
    /// Disconnect sockets.
    pub const DISCONNECT: u8 = 6;
    /// Tell which sockets there are.
    pub const FETCH: u8 = 7;
    /// The answer to it.
    pub const FETCHED: u8 = 8;
    /// An event for the servers themselves.
    pub const SERVER_SIDE_EMIT: u8 = 9;
    /// The answer to it.
    pub const SERVER_SIDE_ANSWER: u8 = 10;
    /// How many sockets a broadcast that wants answers has reached.
    pub const CLIENT_COUNT: u8 = 11;
    /// The answer of one of them.
    pub const ACK: u8 = 12;
}

/// A message from another node.
#[derive(Debug)]
pub struct Message {
    /// The node's id, in this namespace.
    pub uid: String,
    /// The namespace.
    pub namespace: String,
    /// What it says.
    pub body: Body,
}

/// What a message says.
#[derive(Debug)]
pub enum Body {
    /// Send an event; with `request`, and report how many it reaches and what they answer.
    Broadcast {
        /// To whom.
        target: Target,
        /// The event.
        packet: Packet,
        /// How long the answers are waited for, and what they are known by.
        request: Option<(String, Option<Duration>)>,
    },
    /// Let sockets into rooms.
    Join(Target, Vec<String>),
    /// Take sockets out of rooms.
    Leave(Target, Vec<String>),
    /// Disconnect sockets; their connections, too.
    Disconnect(Target, bool),
    /// Tell which sockets there are, under this request id.
    Fetch(Target, String),
    /// An event for this server: its name and arguments. With a request id, it wants an answer.
    ServerSideEmit(Args, Option<String>),
    /// The answer to a request, by its id.
    Response(String, Response),
}

/// An answer to a request of this node's.
#[derive(Debug)]
pub enum Response {
    /// Sockets of that node.
    Sockets(Vec<Box<RawValue>>),
    /// What its server answers.
    Server(Args),
    /// How many sockets were asked there.
    Count(u64),
    /// What one of them answers.
    Ack(Args),
}

/// Why a message was not understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It is no message, or one without what it needs.
    Garbage,
    /// Its type means nothing here.
    Unknown,
}
