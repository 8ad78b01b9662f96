//! Links to private servers, and waiting.

use std::sync::Arc;
use std::time::{Duration, Instant};

use zvon_backplane::redis::Link;

/// A link to that address that answers.
pub async fn link(url: &str) -> Arc<Link> {
    let link = Link::open(url.parse().unwrap());
    assert!(link.ready(Duration::from_secs(10)).await, "Redis does not answer");
    link
}

/// Waits until something is so, at most that long; how long it took.
pub async fn until(patience: Duration, what: &str, is_so: impl AsyncFn() -> bool) -> Duration {
    let start = Instant::now();
    while !is_so().await {
        assert!(start.elapsed() < patience, "not within {patience:?}: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    start.elapsed()
}
