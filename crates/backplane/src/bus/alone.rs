//! Nobody is there.

use async_trait::async_trait;
use zvon_core::delivery::bus::{Bus, News};
use zvon_protocol::ids::ChatId;

/// A bus without other nodes: whatever is published is for nobody.
#[derive(Clone, Copy, Debug, Default)]
pub struct Alone;

#[async_trait]
impl Bus for Alone {
    fn publish(&self, _: News) {}

    async fn follow(&self, _: &[ChatId]) {}

    fn unfollow(&self, _: &[ChatId]) {}

    async fn next(&self) -> Option<News> {
        std::future::pending().await
    }
}
