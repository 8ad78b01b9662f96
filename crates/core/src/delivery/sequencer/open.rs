//! Opening and closing chats on this node.

use std::collections::HashMap;
use std::sync::Arc;

use zvon_protocol::ids::ChatId;

use super::channel::Channel;
use super::{PATIENCE, Sequencer};
use crate::store::StoreResult;

/// Chats that are registered and not yet open: forgotten if their opening fails, or if whoever
/// opens them goes away meanwhile.
struct Unopened<'a> {
    sequencer: &'a Sequencer,
    chats: Vec<ChatId>,
}

impl Drop for Unopened<'_> {
    fn drop(&mut self) {
        {
            let mut channels = self.sequencer.0.channels.lock();
            self.chats.iter().for_each(|chat| drop(channels.remove(chat)));
        }
        self.sequencer.0.seams.bus.unfollow(&self.chats);
    }
}

impl Sequencer {
    /// Opens those of the chats that are not open; their heads are read after they are
    /// registered and the other nodes' news of them are on their way.
    ///
    /// # Errors
    /// The store's, and then none of them is open.
    pub async fn open(&self, chats: &[ChatId]) -> StoreResult<()> {
        let fresh = self.register(chats);
        if !fresh.is_empty() {
            let ids = fresh.iter().map(|(chat, _)| *chat).collect();
            let mut unopened = Unopened { sequencer: self, chats: ids };
            self.0.seams.bus.follow(&unopened.chats).await;
            let heads = self.0.seams.store.heads(&unopened.chats).await?;
            unopened.chats.clear();
            self.start(fresh, &heads.into_iter().collect());
        }
        for channel in chats.iter().filter_map(|chat| self.channel(*chat)) {
            // Somebody else is opening it; if they fail, whoever needs it opens it again.
            let _ = tokio::time::timeout(PATIENCE, channel.opened()).await;
        }
        Ok(())
    }

    /// Closes chats whose rooms are empty. To be called now and then.
    pub fn sweep(&self) {
        let mut closed = Vec::new();
        // Elsewhere the channel's lock is taken before this one: whoever holds it is using it.
        self.0.channels.lock().retain(|chat, channel| {
            let used = channel.try_lock().is_none_or(|state| {
                state.order().is_none() || !self.0.seams.fanout.is_empty(*chat)
            });
            if !used {
                closed.push(*chat);
            }
            used
        });
        self.0.seams.bus.unfollow(&closed);
    }

    fn register(&self, chats: &[ChatId]) -> Vec<(ChatId, Arc<Channel>)> {
        let mut channels = self.0.channels.lock();
        let mut fresh = Vec::new();
        for chat in chats {
            channels.entry(*chat).or_insert_with(|| {
                let channel = Arc::new(Channel::opening());
                fresh.push((*chat, Arc::clone(&channel)));
                channel
            });
        }
        fresh
    }

    fn start(&self, fresh: Vec<(ChatId, Arc<Channel>)>, heads: &HashMap<ChatId, u64>) {
        for (chat, channel) in fresh {
            let early = channel.open_at(heads.get(&chat).copied().unwrap_or(0));
            self.accept_foreign(chat, &channel, early);
        }
    }
}
