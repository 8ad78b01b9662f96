//! What every `Store` must do, by feature.
//!
//! A case speaks through the seam alone and makes its own people and chats, so cases do not
//! disturb each other; what counts everything (accounts, outbox rows) has a store to itself.

mod accounts;
mod analytics;
mod append;
mod audit;
mod chats;
mod concurrency;
mod cursors;
mod events;
mod groups;
mod idempotency;
mod jobs;
mod messages;
mod outbox;
mod pins;
mod positions;
mod retention;
mod scene;
mod sessions;
mod told;
mod webhooks;

use std::sync::Arc;

use crate::store::Store;

/// A store under test.
pub struct Subject {
    /// It, empty.
    pub store: Arc<dyn Store>,
    /// A text that its database was taught to refuse.
    pub refused: &'static str,
}

/// Runs all cases; `make` gives a fresh, empty store.
pub async fn run<F: Future<Output = Subject>>(make: impl Fn() -> F) {
    accounts::run(make().await).await;
    sessions::run(make().await).await;
    chats::run(make().await).await;
    groups::run(make().await).await;
    append::run(make().await).await;
    idempotency::run(make().await).await;
    messages::run(make().await).await;
    pins::run(make().await).await;
    cursors::run(make().await).await;
    outbox::run(make().await).await;
    events::run(make().await).await;
    positions::run(make().await).await;
    told::run(make().await).await;
    concurrency::run(make().await).await;
    jobs::run(make().await).await;
    audit::run(make().await).await;
    webhooks::run(make().await).await;
    analytics::run(make().await).await;
    retention::run(make().await).await;
}
