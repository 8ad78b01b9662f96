//! A Redis of the test's own, nodes on it, and their clients.

mod client;
mod node;
mod redis;

use std::future::Future;
use std::time::Duration;

pub use client::Client;
pub use node::{Node, event};
pub use redis::Redis;

/// What should happen soon, must; the bound only keeps a broken test from hanging.
pub async fn soon<T>(what: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(10), what).await.expect("it should have happened")
}

/// Waits until something is so.
pub async fn until(mut is_so: impl FnMut() -> bool) {
    soon(async {
        while !is_so() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
}
