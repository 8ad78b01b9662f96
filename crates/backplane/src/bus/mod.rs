//! News of the log between nodes.

mod alone;
mod redis;

pub use alone::Alone;
pub use redis::{Codec, RedisBus, Refused};
