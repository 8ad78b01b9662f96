//! Which server a channel's messages and subscriptions go to, and their moving when that changes.
//!
//! Whoever publishes or subscribes finds the server by the map and leaves a note with it. When the
//! map changes, what waits for the former owner of a slot, and what is wanted of it, becomes the new
//! one's, in order and without a moment in which it is nobody's or both's.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use parking_lot::RwLock;
use tokio::sync::Notify;

use super::Part;
use super::map::{Map, Server};
use super::queue::Outgoing;
use super::shard::Shard;

#[derive(Debug)]
pub(super) struct Router {
    pub(super) part: Part,
    state: RwLock<State>,
    /// The map may be out of date.
    doubted: Notify,
}

#[derive(Debug)]
struct State {
    map: Map,
    /// Who owns a slot, and nobody.
    shards: HashMap<Option<Server>, Arc<Shard>>,
}

impl State {
    fn at(&self, slot: u16) -> Option<&Arc<Shard>> {
        self.shards.get(&self.map.owner(slot).cloned())
    }
}

impl Router {
    pub(super) fn new(part: Part, map: Map) -> Arc<Self> {
        let state = RwLock::new(State { map, shards: HashMap::new() });
        let router = Arc::new(Self { part, state, doubted: Notify::new() });
        router.arrange(&mut router.state.write());
        router
    }

    /// The end of all connections.
    pub(super) fn end(&self) {
        let shards = std::mem::take(&mut self.state.write().shards);
        drop(shards);
    }

    pub(super) fn publish(&self, channel: String, payload: Bytes) {
        let state = self.state.read();
        let slot = state.map.slot(&channel);
        if let Some(shard) = state.at(slot) {
            shard.queue.push(channel, payload, slot);
        }
    }

    pub(super) fn subscribe(&self, channel: String) {
        let state = self.state.read();
        let slot = state.map.slot(&channel);
        if let Some(shard) = state.at(slot) {
            shard.wanted.add(channel, slot);
        }
    }

    pub(super) fn unsubscribe(&self, channel: &str) {
        let state = self.state.read();
        if let Some(shard) = state.at(state.map.slot(channel)) {
            shard.wanted.remove(channel);
        }
    }

    /// Who owns a channel's slot.
    pub(super) fn owner(&self, channel: &str) -> Option<Server> {
        let state = self.state.read();
        state.map.owner(state.map.slot(channel)).cloned()
    }

    /// Everybody who owns a slot.
    pub(super) fn owners(&self) -> Vec<Server> {
        self.state.read().map.owners().into_iter().collect()
    }

    /// Every server, and nobody.
    pub(super) fn shards(&self) -> Vec<Arc<Shard>> {
        self.state.read().shards.values().cloned().collect()
    }

    /// The owners of slots, as a cluster says.
    pub(super) fn learn(self: &Arc<Self>, map: Map) {
        if self.state.read().map == map {
            return;
        }
        let mut state = self.state.write();
        state.map = map;
        self.arrange(&mut state);
    }

    /// A server referred somebody to others, and did not take these messages.
    pub(super) fn refer(self: &Arc<Self>, referrals: &[(u16, Server)], messages: Vec<Outgoing>) {
        let mut state = self.state.write();
        let set = |(slot, server): &(u16, Server)| state.map.set(*slot, server);
        if referrals.iter().map(set).fold(false, |news, one| news | one) {
            self.arrange(&mut state);
            self.doubt();
        }
        let mut sorted: HashMap<Option<Server>, Vec<Outgoing>> = HashMap::new();
        for message in messages {
            let owner = state.map.owner(message.slot).cloned();
            sorted.entry(owner).or_default().push(message);
        }
        for (owner, messages) in sorted {
            if let Some(shard) = state.shards.get(&owner) {
                shard.queue.again(messages);
            }
        }
    }

    /// Something happened that may have to do with slots that moved.
    pub(super) fn doubt(&self) {
        self.doubted.notify_one();
    }

    pub(super) async fn doubted(&self) {
        self.doubted.notified().await;
    }

    /// Makes the shards agree with the map.
    fn arrange(self: &Arc<Self>, state: &mut State) {
        let owners = state.map.owners();
        for server in owners.iter().cloned().map(Some).chain([None]) {
            let shard = || Arc::new(Shard::new(self, server.as_ref()));
            state.shards.entry(server.clone()).or_insert_with(shard);
        }
        let room = self.part.config.max_queue_bytes / owners.len().max(1);
        for (server, shard) in &state.shards {
            shard.queue.limit(room);
            let is_elsewhere = |slot| state.map.owner(slot) != server.as_ref();
            for (channel, want) in shard.wanted.leave(is_elsewhere) {
                if let Some(shard) = state.at(want.slot) {
                    shard.wanted.arrive(channel, want);
                }
            }
            let mut sorted: HashMap<u16, Vec<Outgoing>> = HashMap::new();
            for message in shard.queue.leave(is_elsewhere) {
                sorted.entry(message.slot).or_default().push(message);
            }
            for (slot, messages) in sorted {
                if let Some(shard) = state.at(slot) {
                    shard.queue.arrive(messages);
                }
            }
        }
        state.shards.retain(|server, _| server.as_ref().is_none_or(|own| owners.contains(own)));
    }
}
