//! A server of the test's own making, and clients that say exactly what they are told.

pub mod http;
pub mod scene;
pub mod server;
pub mod ws;

use std::future::Future;
use std::time::Duration;

pub use scene::Scene;
pub use server::Server;
pub use ws::{Got, Ws};
pub use zvon_socketio::Config;

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

pub fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// A heartbeat that a test can wait for.
pub fn quick_heart() -> Config {
    Config { ping_interval: ms(200), ping_timeout: ms(200), ..Config::default() }
}
