//! The log's way out: one narrow row per transaction, for the relay and for anti-entropy.

pub mod store;
