//! Rate limits.

mod memory;
mod window;

pub use memory::MemoryLimiter;
