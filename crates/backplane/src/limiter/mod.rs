//! Rate limits.

mod memory;
mod redis;
mod told;
mod window;

pub use memory::MemoryLimiter;
pub use redis::RedisLimiter;
