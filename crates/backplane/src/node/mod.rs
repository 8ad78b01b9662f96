//! Who is in the cluster.

mod alone;
mod most;
mod redis;

pub use alone::Alone;
pub use redis::RedisNodes;
