//! Which chats grew since the sweeper asked last: every node reads the outbox anyway.

use std::collections::HashSet;

use parking_lot::Mutex;
use zvon_protocol::ids::ChatId;

/// Most that are noted; what does not fit is looked at when its time has come.
const MOST: usize = 100_000;

/// The chats; none are noted while this node does not sweep.
#[derive(Default)]
pub(crate) struct Grown(Mutex<Option<HashSet<ChatId>>>);

impl Grown {
    /// This node sweeps from now on, or it does not.
    pub(super) fn watch(&self, on: bool) {
        *self.0.lock() = on.then(HashSet::new);
    }

    /// A chat's log went on.
    pub(crate) fn note(&self, chat: ChatId) {
        if let Some(chats) = self.0.lock().as_mut().filter(|chats| chats.len() < MOST) {
            chats.insert(chat);
        }
    }

    /// Those that were noted since the last time.
    pub(super) fn take(&self) -> Vec<ChatId> {
        let mut chats = self.0.lock();
        chats.as_mut().map(std::mem::take).unwrap_or_default().into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::{ChatId, Grown, MOST};

    #[test]
    fn chats_are_noted_once_and_only_where_somebody_sweeps() {
        let (grown, chat) = (Grown::default(), |n| ChatId(Uuid::from_u128(n)));
        grown.note(chat(1));
        assert_eq!(grown.take(), []);
        grown.watch(true);
        grown.note(chat(1));
        grown.note(chat(1));
        assert_eq!(grown.take(), [chat(1)]);
        assert_eq!(grown.take(), []);
        (0..MOST as u128 + 9).for_each(|n| grown.note(chat(n)));
        assert_eq!(grown.take().len(), MOST);
        grown.note(chat(1));
        grown.watch(false);
        assert_eq!(grown.take(), []);
    }
}
