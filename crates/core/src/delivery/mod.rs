//! From the log to sockets, and back as cursors.

pub mod store;
