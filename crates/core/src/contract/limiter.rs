//! What every `Limiter` must do. Runs in real time, in windows of a fraction of a second.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::limiter::{Decision, Limiter, Window};

const LENGTH: Duration = Duration::from_millis(400);

/// Runs all cases; `make` gives a fresh implementation.
pub async fn run(make: impl Fn() -> Arc<dyn Limiter>) {
    exact_under_concurrency(make()).await;
    a_refusal_says_when_and_costs_nothing(&*make()).await;
    no_window_holds_more(&*make()).await;
    subjects_and_classes_are_apart(&*make()).await;
    zero_switches_off(&*make()).await;
}

fn window(limit: u32) -> Window {
    Window { limit, length: LENGTH }
}

fn allowed(decision: Decision) -> bool {
    matches!(decision, Decision::Allowed { .. })
}

async fn exact_under_concurrency(limiter: Arc<dyn Limiter>) {
    let long = Window { limit: 10, length: Duration::from_secs(60) };
    let tasks = (0..8).map(|_| {
        let limiter = Arc::clone(&limiter);
        tokio::spawn(async move {
            let mut count = 0;
            for _ in 0..10 {
                count += u32::from(allowed(limiter.check("ann", "message", long).await));
                tokio::task::yield_now().await;
            }
            count
        })
    });
    let mut all = 0;
    for task in tasks.collect::<Vec<_>>() {
        all += task.await.unwrap();
    }
    assert_eq!(all, 10);
}

async fn a_refusal_says_when_and_costs_nothing(limiter: &dyn Limiter) {
    assert_eq!(limiter.check("ann", "c", window(2)).await, Decision::Allowed { remaining: 1 });
    assert_eq!(limiter.check("ann", "c", window(2)).await, Decision::Allowed { remaining: 0 });
    for _ in 0..20 {
        assert!(!allowed(limiter.check("ann", "c", window(2)).await));
    }
    let Decision::Refused { retry_after } = limiter.check("ann", "c", window(2)).await else {
        panic!("the window is full");
    };
    assert!(retry_after > Duration::ZERO && retry_after <= LENGTH);
    tokio::time::sleep(retry_after + Duration::from_millis(20)).await;
    assert!(allowed(limiter.check("ann", "c", window(2)).await), "the refused ones cost nothing");
}

async fn no_window_holds_more(limiter: &dyn Limiter) {
    let (start, mut times) = (Instant::now(), Vec::new());
    while start.elapsed() < LENGTH * 3 {
        let before = Instant::now();
        if allowed(limiter.check("ann", "c", window(3)).await) {
            times.push((before, Instant::now()));
        }
        tokio::time::sleep(Duration::from_millis(7)).await;
    }
    assert!(times.len() >= 6, "what is allowed again is allowed");
    for four in times.windows(4) {
        assert!(four[3].1.duration_since(four[0].0) >= LENGTH, "four in a window of three");
    }
}

async fn subjects_and_classes_are_apart(limiter: &dyn Limiter) {
    assert!(allowed(limiter.check("ann", "one", window(1)).await));
    assert!(allowed(limiter.check("bob", "one", window(1)).await));
    assert!(allowed(limiter.check("ann", "other", window(1)).await));
    assert!(!allowed(limiter.check("ann", "one", window(1)).await));
}

async fn zero_switches_off(limiter: &dyn Limiter) {
    for _ in 0..1000 {
        assert!(allowed(limiter.check("ann", "c", window(0)).await));
    }
}
