//! The log's way out: one narrow row per transaction, for the relay, for jobs and for
//! anti-entropy.

pub mod event;
pub mod gather;
pub mod pages;
pub mod position;
mod queue;
pub mod reader;
mod record;
pub mod relay;
pub mod store;
