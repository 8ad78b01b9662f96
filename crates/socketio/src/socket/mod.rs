//! Socket.IO v5 over Engine.IO: namespaces, rooms, events, acks.

pub(crate) mod ack;
pub(crate) mod admit;
pub(crate) mod args;
pub(crate) mod broadcast;
pub(crate) mod event;
pub(crate) mod greeting;
pub(crate) mod handler;
pub(crate) mod namespace;
pub(crate) mod packet;
pub(crate) mod parser;
pub(crate) mod peer;
pub(crate) mod recovery;
pub(crate) mod rooms;
