//! The other nodes, over Redis: the seam [`zvon_socketio::Adapter`] in the *sharded* dialect of the
//! JavaScript adapter (`@socket.io/redis-adapter` 8.3.0), byte for byte, so that nodes of both kinds
//! can be one cluster. Needs Redis 7; all nodes need the same prefix and subscription mode.
//!
//! * Local sockets never wait for Redis: the engine serves them first, then leaves a note here.
//! * Delivery to other nodes is at most once and may fail: while Redis is away, while a fresh
//!   room's channel is being subscribed (a moment after the first join), when a queue is full.
//!   What must not be lost does not belong here. Every loss that this node can see is counted in
//!   [`Stats`].
//! * No bytes from Redis end or stall the process: what is no message is dropped and counted.
//!   Redis is trusted as far as who can publish to it can send any event to any client.
//! * Requests of other nodes are answered exactly once each: who counts subscribers and waits for
//!   as many answers gets them. So a namespace is subscribed only once it can answer, and
//!   [`RedisAdapter::close`] unsubscribes first when a node goes.
//!
//! Works with one Redis, with one that Sentinels name, and with a Redis Cluster, over whose masters
//! the channels of a namespace are spread.
//!
//! [`RedisAdapter`] is all that a product sees; `link` is the connection, `message` and `msgpack`
//! the encoding, `inbound` does what others ask, `request` asks them.

mod adapter;
mod channel;
mod config;
mod describe;
mod inbound;
mod link;
mod mend;
mod message;
mod msgpack;
mod pending;
mod request;
mod space;
mod stats;
mod value;

/// The encodings, for fuzzing and property tests; not part of the public interface.
#[doc(hidden)]
pub mod codec {
    pub use crate::message::{Body, Encoder, Fault, Message, Response, decode, kind};
    pub use crate::msgpack::{decode as unpack, encode as pack};
    pub use crate::value::Value;
}

pub use adapter::RedisAdapter;
pub use channel::SubscriptionMode;
pub use config::{Config, Describe};
pub use redis::RedisError;
pub use request::{AskError, RemoteSocket};
pub use space::{Listener, Reply, ServerEvent};
pub use stats::{Count, Stats};
