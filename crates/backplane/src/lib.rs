//! Soft state between nodes, behind `core`'s seams: one module per seam, one file per technology.
//!
//! Embedded there is one node, so memory is enough, or nobody (`alone`). Redis stands beside it,
//! over one [`redis::Link`], and passes the same suites.

pub mod bus;
pub mod cache;
pub mod event_log;
pub mod limiter;
pub mod node;
pub mod presence;
pub mod redis;
