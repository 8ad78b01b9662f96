//! The cache: memory alone, or Redis with memory in front of it.

mod memory;
mod near;
mod redis;
mod seal;
mod shelf;

pub use memory::MemoryCache;
pub use near::NearCache;
pub use redis::RedisCache;
pub use seal::Seal;
