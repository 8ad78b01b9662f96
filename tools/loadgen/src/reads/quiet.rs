//! Sockets of a node that has none.

use std::sync::Arc;

use zvon_core::delivery::Delivery;
use zvon_core::delivery::fanout::Fanout;
use zvon_protocol::chat::ChatState;
use zvon_protocol::event::ServerEvent;
use zvon_protocol::ids::{ChatId, SessionId, UserId};

/// Nobody is here.
pub(super) struct Quiet;

impl Fanout for Quiet {
    fn deliver(&self, _: ChatId, _: &[Arc<Delivery>]) {}

    fn admit(&self, _: UserId, _: &ChatState, _: &[Arc<Delivery>]) {}

    fn present(&self, _: ChatId, _: usize) -> Vec<UserId> {
        Vec::new()
    }

    fn is_here(&self, _: UserId) -> bool {
        false
    }

    fn is_empty(&self, _: ChatId) -> bool {
        true
    }

    fn to_chat(&self, _: ChatId, _: &ServerEvent) {}

    fn to_user(&self, _: UserId, _: &ServerEvent) {}

    fn to_user_unsynced(&self, _: UserId, _: &ServerEvent) {}

    fn to_everyone(&self, _: &ServerEvent) {}

    fn end_session(&self, _: SessionId, _: &str) {}
}
