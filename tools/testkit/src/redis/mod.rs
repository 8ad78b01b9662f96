//! Redis: one server, a master behind Sentinel, a cluster of three masters.

mod cluster;
mod sentinel;
mod server;

pub use cluster::Cluster;
pub use sentinel::Sentinel;
pub use server::Server;
