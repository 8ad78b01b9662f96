//! A bus that notes what it is given, for tests of what is told to other nodes.

use std::collections::HashMap;
use std::sync::Mutex;

use async_trait::async_trait;
use zvon_core::delivery::bus::{Bus, News};
use zvon_protocol::ids::ChatId;

/// The end of a bus whose other ends are not there.
#[derive(Default)]
pub(crate) struct Wire {
    told: Mutex<Vec<u64>>,
    followed: Mutex<HashMap<ChatId, i32>>,
}

impl Wire {
    /// The places of what was told.
    pub(crate) fn told(&self) -> Vec<u64> {
        self.told.lock().unwrap().clone()
    }

    /// How often the chat is followed.
    pub(crate) fn followers(&self, chat: ChatId) -> i32 {
        self.followed.lock().unwrap().get(&chat).copied().unwrap_or(0)
    }
}

#[async_trait]
impl Bus for Wire {
    fn publish(&self, news: News) {
        if let News::Log { events, .. } = news {
            self.told.lock().unwrap().extend(events.iter().map(|(event, _)| event.seq));
        }
    }

    async fn follow(&self, chats: &[ChatId]) {
        let mut followed = self.followed.lock().unwrap();
        chats.iter().for_each(|chat| *followed.entry(*chat).or_default() += 1);
    }

    fn unfollow(&self, chats: &[ChatId]) {
        let mut followed = self.followed.lock().unwrap();
        chats.iter().for_each(|chat| *followed.entry(*chat).or_default() -= 1);
    }

    async fn next(&self) -> Option<News> {
        std::future::pending().await
    }
}
