//! Requests of a session that land on another node than its own.

mod carried;
mod claims;
mod client;
mod cluster;
mod drained;
mod lost;
mod polled;
