//! One suite per seam; every implementation runs it, from its own tests.
//!
//! A suite panics where an implementation breaks the seam's word. A fault found in one
//! implementation becomes a case here.

#![expect(clippy::unwrap_used, reason = "a suite fails by panicking")]

pub mod bus;
pub mod cache;
pub mod event_log;
pub mod limiter;
pub mod node;
pub mod presence;
pub mod records;
pub mod store;
