//! The event log: in memory for tests, or Apache Kafka.

#[cfg(feature = "kafka")]
pub mod kafka;
mod memory;

pub use memory::{MemoryLog, MemoryRecords};
