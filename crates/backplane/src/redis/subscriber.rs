//! Sharded channels, on a connection of their own.
//!
//! It wants a set of channels and makes the server's idea of it agree: what is missing is
//! subscribed, what is too much is dropped, and after a lost connection (or a slot that moved)
//! everything again. What was said meanwhile is lost; whoever listens must bear that.

use std::collections::HashSet;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;

use super::link::Link;
use super::listen;
use super::queue::{Queue, Weight};

/// What was said on a channel.
pub(crate) struct Packet {
    pub(crate) channel: Vec<u8>,
    pub(crate) body: Vec<u8>,
}

impl Weight for Packet {
    fn weight(&self) -> usize {
        self.channel.len() + self.body.len()
    }
}

/// What is wanted and what is there.
pub(super) struct Shared {
    pub(super) wanted: Mutex<HashSet<String>>,
    /// What the server confirmed.
    pub(super) there: watch::Sender<HashSet<String>>,
    pub(super) changed: Notify,
}

/// The subscriptions. They end when it is dropped.
pub(crate) struct Subscriber {
    shared: Arc<Shared>,
    keeper: JoinHandle<()>,
}

impl Drop for Subscriber {
    fn drop(&mut self) {
        self.keeper.abort();
    }
}

impl Subscriber {
    /// What is said goes into that queue.
    pub(crate) fn new(link: &Link, heard: Arc<Queue<Packet>>) -> Self {
        let shared = Arc::new(Shared {
            wanted: Mutex::default(),
            there: watch::Sender::default(),
            changed: Notify::new(),
        });
        let keeper = tokio::spawn(listen::keep(Arc::clone(&shared), link.dialer(), heard));
        Self { shared, keeper }
    }

    /// From now on these are wanted too, and those are not.
    pub(crate) fn change(&self, more: &[String], less: &[String]) {
        let mut wanted = self.shared.wanted.lock();
        wanted.extend(more.iter().cloned());
        less.iter().for_each(|channel| {
            wanted.remove(channel);
        });
        drop(wanted);
        self.shared.changed.notify_one();
    }

    /// Waits until the server confirmed all of these.
    pub(crate) async fn confirmed(&self, channels: &[String]) {
        let mut there = self.shared.there.subscribe();
        let all = |there: &HashSet<String>| channels.iter().all(|c| there.contains(c));
        let _ = there.wait_for(all).await;
    }
}
