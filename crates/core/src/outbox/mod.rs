//! The log's way out: one narrow row per transaction, for the relay, for jobs and for
//! anti-entropy.

pub mod event;
pub mod gather;
mod queue;
pub mod store;
