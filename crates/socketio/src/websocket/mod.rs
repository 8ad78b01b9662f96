//! WebSocket (RFC 6455), server side, without extensions.

pub(crate) mod frame;
pub(crate) mod handshake;
pub(crate) mod link;
mod stream;
