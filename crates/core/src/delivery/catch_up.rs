//! What a client that comes back has missed.

use std::collections::HashMap;

use zvon_protocol::event::ServerEvent;
use zvon_protocol::ids::ChatId;
use zvon_protocol::sync::{Sync, SyncAck};

use super::Delivery;
use crate::App;
use crate::caller::Caller;
use crate::chat::Member;
use crate::error::Result;
use crate::message::status::Reaches;
use crate::message::{EventKind, LogEvent};

/// Most events of one answer. A chat whose events do not fit counts as a gap.
const GAP: u32 = 1000;
/// Most bytes of text in one answer: with what surrounds it, it fits a connection's queue.
const TEXT: usize = 512 * 1024;

impl App {
    /// The state of all of the caller's chats, and what their logs hold after the given cursors.
    /// To be called when the socket is in their rooms, so that nothing falls between.
    ///
    /// # Errors
    /// The store's.
    pub async fn catch_up(&self, caller: Caller, want: &Sync) -> Result<SyncAck> {
        let (mut room, mut text) = (want.limit.unwrap_or(GAP).clamp(1, GAP), TEXT);
        let chats = self.chat_states(caller).await?;
        let (mut events, mut gaps) = (Vec::new(), Vec::new());
        let mut behind: Vec<(ChatId, u64)> = chats
            .iter()
            .filter_map(|chat| want.cursors.get(&chat.id).map(|seq| (chat.id, *seq, chat.last_seq)))
            .filter(|(_, seq, last)| seq < last)
            .map(|(chat, seq, _)| (chat, seq))
            .collect();
        behind.sort_unstable();
        for (chat, after) in behind {
            let log = self.log(chat, after, room + 1).await?;
            let length: usize = log.iter().map(text_of).sum();
            // Who follows the log would wait for ever for what has expired of it.
            let has_holes = log.iter().any(|event| event.kind == EventKind::Emptied);
            if log.len() > room as usize || length > text || has_holes {
                gaps.push(chat);
                continue;
            }
            room -= u32::try_from(log.len()).unwrap_or(room);
            text -= length;
            events.extend(self.as_heard(chat, &log).await?);
        }
        let online = self.online_for(caller).await?;
        let now = self.now();
        Ok(SyncAck { chats, events, gaps, online, epoch: self.epoch.clone(), now })
    }

    /// Log events as sockets hear them, messages with their present statuses.
    ///
    /// # Errors
    /// The store's.
    pub async fn deliveries(&self, chat: ChatId, log: &[LogEvent]) -> Result<Vec<Delivery>> {
        let members: Vec<Member> =
            if log.is_empty() { Vec::new() } else { self.store().members(&[chat]).await? };
        let mut reaches = Reaches::over(&members);
        let deliveries = log.iter().map(|event| {
            let status = match &event.kind {
                EventKind::Message(row) | EventKind::Pinned(row) | EventKind::Unpinned(row) => {
                    reaches.status(row.sender, row.seq)
                }
                _ => zvon_protocol::message::Status::Sent,
            };
            Delivery::new(event, status)
        });
        Ok(deliveries.collect())
    }

    async fn as_heard(&self, chat: ChatId, log: &[LogEvent]) -> Result<Vec<ServerEvent>> {
        let deliveries = self.deliveries(chat, log).await?;
        Ok(deliveries.into_iter().filter_map(|delivery| delivery.event).collect())
    }

    /// How far each chat's log has come, for those of the chats whose member the caller is.
    ///
    /// # Errors
    /// The store's.
    pub async fn heads_for(
        &self,
        caller: Caller,
        chats: &[ChatId],
    ) -> Result<HashMap<ChatId, u64>> {
        let mut heads = HashMap::new();
        for chat in chats {
            if self.store().member(*chat, caller.user).await?.is_some() {
                heads.extend(self.store().heads(&[*chat]).await?);
            }
        }
        Ok(heads)
    }
}

/// The bytes of an event's text.
fn text_of(event: &LogEvent) -> usize {
    match &event.kind {
        EventKind::Message(row) | EventKind::Pinned(row) | EventKind::Unpinned(row) => {
            row.content.len()
        }
        _ => 0,
    }
}
