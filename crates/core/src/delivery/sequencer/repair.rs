//! Reading from the store what nobody handed over.

use std::sync::Arc;

use zvon_protocol::ids::ChatId;
use zvon_protocol::message::Status;

use super::channel::Channel;
use super::{PATIENCE, READ, Sequencer};
use crate::delivery::Delivery;
use crate::delivery::order::Order;
use crate::message::LogEvent;
use crate::store::StoreResult;

impl Sequencer {
    /// The chat's log reaches up to `seq`: if it is open here and nobody hands that over soon,
    /// it is read.
    pub fn expect(&self, chat: ChatId, seq: u64) {
        if let Some(channel) = self.channel(chat)
            && channel.expect(seq)
        {
            self.start_repair(chat, channel);
        }
    }

    /// Brings the chat's sockets up to what somebody read from the store before it was handed
    /// out; whether it is there.
    pub(super) async fn catch_up_with(
        &self,
        chat: ChatId,
        channel: &Arc<Channel>,
        seq: u64,
    ) -> StoreResult<bool> {
        if tokio::time::timeout(PATIENCE, channel.reached(seq)).await.is_ok() {
            return Ok(true);
        }
        let Some(position) = channel.lock().order().map(Order::position) else { return Ok(true) };
        let events = self.read_gap(chat, position).await?;
        let there = !events.is_empty();
        let found = events.iter().map(|event| Delivery::new(event, Status::Sent)).collect();
        self.accept_foreign(chat, channel, found);
        Ok(there)
    }

    async fn read_gap(&self, chat: ChatId, position: u64) -> StoreResult<Vec<LogEvent>> {
        let events = self.0.seams.store.events(chat, position, READ).await?;
        self.0.gaps.0.increment(1);
        self.0.gaps.1.increment(events.len() as u64);
        Ok(events)
    }

    pub(super) fn start_repair(&self, chat: ChatId, channel: Arc<Channel>) {
        let this = self.clone();
        self.0.seams.tasks.spawn(async move { this.repair(chat, &channel).await });
    }

    /// Waits for the gap to close by itself, then reads it from the store until it is closed.
    async fn repair(&self, chat: ChatId, channel: &Arc<Channel>) {
        loop {
            let pause = self.0.seams.stop.run_until_cancelled(tokio::time::sleep(PATIENCE));
            if pause.await.is_none() {
                return;
            }
            let Some(position) = channel.gap(|| self.is_current(chat, channel)) else { return };
            match self.read_gap(chat, position).await {
                // Another channel has the chat's sockets by now.
                Ok(_) if !self.is_current(chat, channel) => return,
                Ok(events) => {
                    tracing::info!(chat.id = %chat, position, read = events.len(), "gap repaired");
                    let found = events.iter().map(|event| Delivery::new(event, Status::Sent));
                    self.accept_foreign(chat, channel, found.collect());
                }
                Err(error) => tracing::warn!(chat.id = %chat, %error, "a gap cannot be read yet"),
            }
        }
    }
}
