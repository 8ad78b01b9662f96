//! Sockets' rooms, for tests of what is handed to them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use zvon_core::delivery::Delivery;
use zvon_core::delivery::fanout::Fanout;
use zvon_protocol::chat::ChatState;
use zvon_protocol::event::ServerEvent;
use zvon_protocol::ids::{ChatId, SessionId, UserId};

/// Rooms that note what they hear.
#[derive(Default)]
pub(crate) struct Rooms {
    heard: Mutex<HashMap<ChatId, Vec<u64>>>,
    empty: Mutex<bool>,
    present: Mutex<Vec<UserId>>,
}

impl Rooms {
    /// The places of what a chat's room heard.
    pub(crate) fn heard(&self, chat: ChatId) -> Vec<u64> {
        self.heard.lock().unwrap().get(&chat).cloned().unwrap_or_default()
    }

    /// This user has every chat open.
    pub(crate) fn let_in(&self, user: UserId) {
        self.present.lock().unwrap().push(user);
    }

    /// From here on they are empty.
    pub(crate) fn close(&self) {
        *self.empty.lock().unwrap() = true;
    }
}

impl Fanout for Rooms {
    fn deliver(&self, chat: ChatId, deliveries: &[Arc<Delivery>]) {
        let mut heard = self.heard.lock().unwrap();
        heard.entry(chat).or_default().extend(deliveries.iter().map(|delivery| delivery.seq));
    }

    fn is_empty(&self, _: ChatId) -> bool {
        *self.empty.lock().unwrap()
    }

    fn is_here(&self, _: UserId) -> bool {
        true
    }

    fn present(&self, _: ChatId, _: usize) -> Vec<UserId> {
        self.present.lock().unwrap().clone()
    }

    fn admit(&self, _: UserId, _: &ChatState, _: &[Arc<Delivery>]) {}
    fn to_chat(&self, _: ChatId, _: &ServerEvent) {}
    fn to_user(&self, _: UserId, _: &ServerEvent) {}
    fn to_user_unsynced(&self, _: UserId, _: &ServerEvent) {}
    fn to_everyone(&self, _: &ServerEvent) {}
    fn end_session(&self, _: SessionId, _: &str) {}
}
