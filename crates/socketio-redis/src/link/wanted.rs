//! Which channels are wanted, and which of them Redis has not heard of yet.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::Notify;

/// The set of wanted channels. A change is a note in it; several changes of one channel are one.
#[derive(Debug, Default)]
pub(super) struct Wanted {
    state: Mutex<State>,
    /// Something has changed.
    changed: Notify,
    /// Redis knows everything.
    settled: Notify,
}

#[derive(Debug, Default)]
struct State {
    /// How often each is wanted.
    counts: HashMap<Arc<str>, u32>,
    dirty: HashSet<Arc<str>>,
    /// Changes are under way.
    under_way: bool,
    /// There is a connection that knows what was wanted when it was made.
    standing: bool,
}

/// What Redis must be told.
#[derive(Debug, Default)]
pub(super) struct Changes {
    pub(super) subscribe: Vec<Arc<str>>,
    pub(super) unsubscribe: Vec<Arc<str>>,
}

impl Wanted {
    pub(super) fn add(&self, channel: String) {
        let mut state = self.state.lock();
        if let Some(count) = state.counts.get_mut(channel.as_str()) {
            *count += 1;
            return;
        }
        let channel: Arc<str> = channel.into();
        state.counts.insert(Arc::clone(&channel), 1);
        state.dirty.insert(channel);
        self.changed.notify_one();
    }

    pub(super) fn remove(&self, channel: &str) {
        let mut state = self.state.lock();
        let Some(count) = state.counts.get_mut(channel) else { return };
        *count -= 1;
        if *count == 0
            && let Some((channel, _)) = state.counts.remove_entry(channel)
        {
            state.dirty.insert(channel);
            self.changed.notify_one();
        }
    }

    /// Wants nothing.
    pub(super) fn clear(&self) {
        let mut state = self.state.lock();
        let all: Vec<Arc<str>> = state.counts.drain().map(|(channel, _)| channel).collect();
        state.dirty.extend(all);
        self.changed.notify_one();
    }

    /// A connection was made, or is gone: all that is wanted is new to the next.
    pub(super) fn stand(&self, standing: bool) {
        let mut state = self.state.lock();
        state.standing = standing;
        state.under_way = false;
        if standing {
            let all: HashSet<Arc<str>> = state.counts.keys().cloned().collect();
            state.dirty = all;
            self.changed.notify_one();
        }
    }

    /// Waits for changes, and takes them; they are under way until [`Wanted::done`].
    pub(super) async fn changes(&self, known: &HashSet<Arc<str>>) -> Changes {
        loop {
            if let Some(changes) = self.take(known) {
                return changes;
            }
            self.changed.notified().await;
        }
    }

    fn take(&self, known: &HashSet<Arc<str>>) -> Option<Changes> {
        let mut state = self.state.lock();
        let mut changes = Changes::default();
        for channel in std::mem::take(&mut state.dirty) {
            match (state.counts.contains_key(&channel), known.contains(&channel)) {
                (true, false) => changes.subscribe.push(channel),
                (false, true) => changes.unsubscribe.push(channel),
                _ => {}
            }
        }
        state.under_way = !changes.subscribe.is_empty() || !changes.unsubscribe.is_empty();
        self.tell(&state);
        state.under_way.then_some(changes)
    }

    /// Redis knows what was taken.
    pub(super) fn done(&self) {
        let mut state = self.state.lock();
        state.under_way = false;
        self.tell(&state);
    }

    fn tell(&self, state: &State) {
        if state.is_settled() {
            self.settled.notify_waiters();
        }
    }

    /// Waits until Redis knows everything.
    pub(super) async fn settled(&self) {
        loop {
            let settled = self.settled.notified();
            if self.state.lock().is_settled() {
                return;
            }
            settled.await;
        }
    }
}

impl State {
    fn is_settled(&self) -> bool {
        self.standing && self.dirty.is_empty() && !self.under_way
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(mut channels: Vec<Arc<str>>) -> Vec<String> {
        channels.sort();
        channels.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn only_what_redis_does_not_know_is_told() {
        let wanted = Wanted::default();
        let mut known = HashSet::new();
        wanted.stand(true);
        ["a", "b", "b", "c"].iter().for_each(|name| wanted.add((*name).to_owned()));
        ["b", "c", "z"].iter().for_each(|name| wanted.remove(name));
        let changes = wanted.take(&known).expect("changes");
        assert_eq!(names(changes.subscribe.clone()), ["a", "b"]);
        assert!(changes.unsubscribe.is_empty(), "c came and went unheard");
        known.extend(changes.subscribe);
        wanted.done();
        assert!(wanted.take(&known).is_none());
        wanted.remove("b");
        wanted.add("b".to_owned());
        assert!(wanted.take(&known).is_none(), "it went and came back");
        wanted.clear();
        assert_eq!(names(wanted.take(&known).expect("changes").unsubscribe), ["a", "b"]);
    }

    #[test]
    fn a_new_connection_is_told_everything() {
        let wanted = Wanted::default();
        wanted.stand(true);
        wanted.add("a".to_owned());
        assert!(wanted.take(&HashSet::new()).is_some());
        wanted.stand(false);
        assert!(!wanted.state.lock().is_settled());
        wanted.stand(true);
        let changes = wanted.take(&HashSet::new()).expect("changes");
        assert_eq!(names(changes.subscribe), ["a"]);
    }
}
