//! What every `Leases` must do. Runs in real time, with lives of a fraction of a second.

use std::sync::Arc;
use std::time::{Duration, Instant};

use uuid::Uuid;

use crate::lease::Leases;

const LONG: Duration = Duration::from_secs(60);
const SHORT: Duration = Duration::from_millis(300);

/// Runs all cases; `make` gives a fresh implementation.
pub async fn run(make: impl Fn() -> Arc<dyn Leases>) {
    one_has_it(&*make()).await;
    one_of_many_at_once(make()).await;
    it_ends_by_itself(&*make()).await;
    holding_on_makes_it_last(&*make()).await;
    only_its_holder_gives_it_up(&*make()).await;
}

fn two() -> [Uuid; 2] {
    [Uuid::new_v4(), Uuid::new_v4()]
}

async fn one_has_it(leases: &dyn Leases) {
    let [one, other] = two();
    assert!(leases.hold("a", one, LONG).await.unwrap());
    assert!(!leases.hold("a", other, LONG).await.unwrap());
    assert!(leases.hold("a", one, LONG).await.unwrap(), "and goes on to");
    assert!(leases.hold("b", other, LONG).await.unwrap(), "names are apart");
}

async fn one_of_many_at_once(leases: Arc<dyn Leases>) {
    let tries = (0..16).map(|_| {
        let leases = Arc::clone(&leases);
        tokio::spawn(async move { leases.hold("c", Uuid::new_v4(), LONG).await.unwrap() })
    });
    let mut held = 0;
    for one in tries.collect::<Vec<_>>() {
        held += usize::from(one.await.unwrap());
    }
    assert_eq!(held, 1);
}

async fn it_ends_by_itself(leases: &dyn Leases) {
    let [one, other] = two();
    let begun = Instant::now();
    assert!(leases.hold("d", one, SHORT).await.unwrap());
    while !leases.hold("d", other, LONG).await.unwrap() {
        assert!(begun.elapsed() < LONG, "it never ends");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert!(begun.elapsed() >= SHORT - Duration::from_millis(5), "not before its end");
    assert!(!leases.hold("d", one, LONG).await.unwrap());
}

async fn holding_on_makes_it_last(leases: &dyn Leases) {
    let [one, other] = two();
    assert!(leases.hold("e", one, SHORT).await.unwrap());
    assert!(leases.hold("e", one, LONG).await.unwrap());
    tokio::time::sleep(SHORT * 2).await;
    assert!(!leases.hold("e", other, LONG).await.unwrap());
}

async fn only_its_holder_gives_it_up(leases: &dyn Leases) {
    let [one, other] = two();
    assert!(leases.hold("f", one, LONG).await.unwrap());
    leases.release("f", other).await;
    assert!(!leases.hold("f", other, LONG).await.unwrap());
    leases.release("f", one).await;
    leases.release("f", one).await;
    assert!(leases.hold("f", other, LONG).await.unwrap());
}
