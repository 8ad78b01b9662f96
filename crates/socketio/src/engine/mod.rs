//! Engine.IO v4: sessions over polling and WebSocket.
//!
//! [`mailbox`] is what others hold of a connection; [`driver`] is the task that owns it;
//! [`sessions`] finds one by its id.

pub(crate) mod driver;
pub(crate) mod frame;
pub(crate) mod heart;
pub(crate) mod mailbox;
pub(crate) mod payload;
pub(crate) mod polling;
pub(crate) mod query;
pub(crate) mod raw;
pub(crate) mod sessions;
pub(crate) mod slots;
