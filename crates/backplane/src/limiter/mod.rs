//! Rate limits.

mod memory;
mod redis;
mod window;

pub use memory::MemoryLimiter;
pub use redis::RedisLimiter;
