//! Leases.

mod memory;
mod redis;

pub use memory::MemoryLeases;
pub use redis::RedisLeases;
