//! Soft state between nodes, behind `core`'s seams: one module per seam, one file per technology.
//!
//! Embedded there is one node, so memory is enough; Redis will stand beside it and passes the
//! same suites.

pub mod bus;
pub mod limiter;
pub mod node;
pub mod presence;
pub mod redis;
