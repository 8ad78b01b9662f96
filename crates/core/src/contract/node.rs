//! What every `Nodes` must do, seen from two nodes. A lease lasts less than ten seconds.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::node::Nodes;

/// Two nodes' views of one registry.
pub type Views = (Arc<dyn Nodes>, Arc<dyn Nodes>);

/// Runs all cases; `make` gives two views of a fresh registry.
pub async fn run(make: impl AsyncFn() -> Views) {
    who_beats_is_found_and_who_leaves_is_gone(make().await).await;
    who_moves_is_found_where_it_is(make().await).await;
    who_is_not_there_is_soon_not_found(make().await).await;
    who_dies_is_gone_with_its_lease(make().await).await;
}

fn at(port: u16) -> SocketAddr {
    SocketAddr::from(([10, 0, 0, 1], port))
}

async fn until(what: &str, is_so: impl AsyncFn() -> bool) -> Duration {
    let start = Instant::now();
    while !is_so().await {
        assert!(start.elapsed() < Duration::from_secs(12), "it does not come: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    start.elapsed()
}

async fn who_beats_is_found_and_who_leaves_is_gone((one, two): Views) {
    assert_eq!(one.count(), 1, "whoever asks is there");
    one.beat("one", at(1)).await;
    two.beat("two", at(2)).await;
    assert_eq!(one.address("two").await, Some(at(2)), "who is not known is looked up");
    assert_eq!(two.address("one").await, Some(at(1)));
    assert_eq!((one.count(), two.count()), (2, 2));
    two.leave("two").await;
    let gone = until("it left", async || one.address("two").await.is_none()).await;
    assert!(gone < Duration::from_secs(3), "{gone:?}");
    assert_eq!(one.address("one").await, Some(at(1)));
    assert_eq!(one.count(), 2, "a moment ago there were two");
}

async fn who_moves_is_found_where_it_is((one, two): Views) {
    two.beat("two", at(2)).await;
    assert_eq!(one.address("two").await, Some(at(2)));
    two.beat("two", at(3)).await;
    until("it moved", async || one.address("two").await == Some(at(3))).await;
    two.leave("two").await;
    two.beat("two", at(4)).await;
    until("it is back", async || one.address("two").await == Some(at(4))).await;
}

async fn who_is_not_there_is_soon_not_found((one, _): Views) {
    let start = Instant::now();
    for _ in 0..10 {
        assert_eq!(one.address("nobody").await, None);
    }
    assert!(start.elapsed() < Duration::from_secs(4));
}

async fn who_dies_is_gone_with_its_lease((one, two): Views) {
    two.beat("two", at(2)).await;
    one.beat("one", at(1)).await;
    let gone = until("its lease is over", async || {
        one.beat("one", at(1)).await;
        one.address("two").await.is_none()
    })
    .await;
    assert!(gone > Duration::from_secs(3), "a node that misses one beat still lives");
    assert_eq!((one.count(), one.address("one").await), (2, Some(at(1))));
}
