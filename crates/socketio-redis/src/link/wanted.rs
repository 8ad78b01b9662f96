//! Which channels are wanted of one server, and which of them it has not heard of yet.

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

/// How much a channel is wanted, and where it lies.
#[derive(Clone, Copy, Debug)]
pub(super) struct Want {
    count: u32,
    pub(super) slot: u16,
}

#[derive(Debug, Default)]
struct State {
    wants: HashMap<Arc<str>, Want>,
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
    pub(super) fn add(&self, channel: String, slot: u16) {
        self.arrive(channel.into(), Want { count: 1, slot });
    }

    /// What was wanted of another server is wanted of this one.
    pub(super) fn arrive(&self, channel: Arc<str>, more: Want) {
        let mut state = self.state.lock();
        if let Some(want) = state.wants.get_mut(&channel) {
            want.count += more.count;
            return;
        }
        state.wants.insert(Arc::clone(&channel), more);
        state.dirty.insert(channel);
        self.changed.notify_one();
    }

    pub(super) fn remove(&self, channel: &str) {
        let mut state = self.state.lock();
        let Some(want) = state.wants.get_mut(channel) else { return };
        want.count -= 1;
        if want.count == 0
            && let Some((channel, _)) = state.wants.remove_entry(channel)
        {
            state.dirty.insert(channel);
            self.tell(&state);
            self.changed.notify_one();
        }
    }

    /// What lies in slots that are another server's is not wanted of this one any more.
    pub(super) fn leave(&self, is_elsewhere: impl Fn(u16) -> bool) -> Vec<(Arc<str>, Want)> {
        let mut state = self.state.lock();
        let goes = |_: &Arc<str>, want: &mut Want| is_elsewhere(want.slot);
        let gone: Vec<_> = state.wants.extract_if(goes).collect();
        if !gone.is_empty() {
            state.dirty.extend(gone.iter().map(|(channel, _)| Arc::clone(channel)));
            self.tell(&state);
            self.changed.notify_one();
        }
        gone
    }

    /// Wants nothing.
    pub(super) fn clear(&self) {
        self.leave(|_| true);
    }

    /// Whether the channel is wanted.
    pub(super) fn has(&self, channel: &str) -> bool {
        self.state.lock().wants.contains_key(channel)
    }

    /// Redis does not know of the channel, whatever it was told.
    pub(super) fn again(&self, channel: &Arc<str>) {
        let mut state = self.state.lock();
        state.dirty.insert(Arc::clone(channel));
        self.changed.notify_one();
    }

    /// A connection was made, or is gone: all that is wanted is new to the next.
    pub(super) fn stand(&self, standing: bool) {
        let mut state = self.state.lock();
        state.standing = standing;
        state.under_way = false;
        if standing {
            let all: HashSet<Arc<str>> = state.wants.keys().cloned().collect();
            state.dirty = all;
            self.changed.notify_one();
        }
        self.tell(&state);
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
            match (state.wants.contains_key(&channel), known.contains(&channel)) {
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

    pub(super) fn is_settled(&self) -> bool {
        self.state.lock().is_settled()
    }

    /// Waits until Redis knows everything.
    pub(super) async fn settled(&self) {
        loop {
            let settled = self.settled.notified();
            if self.is_settled() {
                return;
            }
            settled.await;
        }
    }
}

impl State {
    /// Without a connection nothing is subscribed.
    fn is_settled(&self) -> bool {
        if self.standing { self.dirty.is_empty() && !self.under_way } else { self.wants.is_empty() }
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
        ["a", "b", "b", "c"].iter().for_each(|name| wanted.add((*name).to_owned(), 0));
        ["b", "c", "z"].iter().for_each(|name| wanted.remove(name));
        let changes = wanted.take(&known).expect("changes");
        assert_eq!(names(changes.subscribe.clone()), ["a", "b"]);
        assert!(changes.unsubscribe.is_empty(), "c came and went unheard");
        known.extend(changes.subscribe);
        wanted.done();
        assert!(wanted.take(&known).is_none());
        wanted.remove("b");
        wanted.add("b".to_owned(), 0);
        assert!(wanted.take(&known).is_none(), "it went and came back");
        wanted.clear();
        assert_eq!(names(wanted.take(&known).expect("changes").unsubscribe), ["a", "b"]);
    }

    #[test]
    fn a_new_connection_is_told_everything() {
        let wanted = Wanted::default();
        wanted.stand(true);
        wanted.add("a".to_owned(), 0);
        assert!(wanted.take(&HashSet::new()).is_some());
        wanted.stand(false);
        assert!(!wanted.state.lock().is_settled());
        wanted.stand(true);
        let changes = wanted.take(&HashSet::new()).expect("changes");
        assert_eq!(names(changes.subscribe), ["a"]);
    }

    #[test]
    fn what_moves_takes_its_count_along() {
        let (one, other) = (Wanted::default(), Wanted::default());
        one.stand(true);
        [("a", 1), ("a", 1), ("b", 2)].iter().for_each(|(name, slot)| {
            one.add((*name).to_owned(), *slot);
        });
        let known: HashSet<Arc<str>> =
            one.take(&HashSet::new()).expect("changes").subscribe.into_iter().collect();
        one.done();
        for (channel, want) in one.leave(|slot| slot == 1) {
            other.arrive(channel, want);
        }
        assert_eq!(names(one.take(&known).expect("changes").unsubscribe), ["a"]);
        assert!(one.has("b") && !one.has("a") && !other.is_settled());
        other.remove("a");
        assert!(other.has("a"), "it is wanted twice");
        other.remove("a");
        assert!(other.is_settled(), "there is no connection that could know it");
        one.again(&Arc::from("b"));
        let changes = one.take(&HashSet::new()).expect("changes");
        assert_eq!(names(changes.subscribe), ["b"]);
    }
}
