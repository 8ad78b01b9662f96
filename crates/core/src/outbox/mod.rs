//! The log's way out: one narrow row per transaction, for the relay, for jobs and for
//! anti-entropy.

pub mod event;
pub mod gather;
mod pace;
pub mod pages;
pub mod position;
mod queue;
pub mod reader;
mod record;
pub mod relay;
mod rows;
pub mod source;
pub mod store;
pub mod wanted;
