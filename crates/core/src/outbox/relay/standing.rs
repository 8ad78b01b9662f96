//! How the relay of this node stands, for whoever looks at the node.

use std::sync::Arc;

use parking_lot::Mutex;

use crate::outbox::store::Backlog;

/// How a relay stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct State {
    /// Whether it is the one that brings events; otherwise another node's is, or the log is away.
    pub works: bool,
    /// How much waited when it was looked last: every five seconds by the one that works, and by all
    /// while the log is away.
    pub backlog: Option<Backlog>,
    /// What keeps it from going on, if anything does.
    pub error: Option<String>,
}

/// The same for all clones: the relay writes it, others read it.
#[derive(Clone, Debug, Default)]
pub struct Standing(Arc<Mutex<State>>);

impl Standing {
    /// As it is now.
    #[must_use]
    pub fn now(&self) -> State {
        self.0.lock().clone()
    }

    pub(super) fn works(&self) {
        let mut state = self.0.lock();
        (state.works, state.error) = (true, None);
    }

    /// It stepped back; `error` if the log is away.
    pub(super) fn stopped(&self, error: Option<String>) {
        let mut state = self.0.lock();
        // What another node's relay left is not known here.
        let backlog = state.backlog.take().filter(|_| error.is_some());
        *state = State { works: false, backlog, error };
    }

    pub(super) fn waits(&self, backlog: Backlog) {
        self.0.lock().backlog = Some(backlog);
    }
}

#[cfg(test)]
mod tests {
    use super::{Backlog, Standing};

    #[test]
    fn whoever_steps_back_knows_nothing_of_what_waits() {
        let standing = Standing::default();
        let shown = standing.clone();
        standing.works();
        standing.waits(Backlog { rows: 3, oldest: None });
        assert!(shown.now().works && shown.now().backlog.is_some());
        standing.stopped(Some("away".to_owned()));
        let state = shown.now();
        assert_eq!((state.works, state.error.as_deref()), (false, Some("away")));
        assert_eq!(state.backlog.map(|backlog| backlog.rows), Some(3));
        standing.stopped(None);
        assert_eq!(shown.now(), super::State::default());
    }
}
