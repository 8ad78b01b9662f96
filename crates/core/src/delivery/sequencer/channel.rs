//! One chat that is open on this node, or is being opened.

use std::sync::Arc;

use parking_lot::{Mutex, MutexGuard};
use tokio::sync::watch;

use super::super::Delivery;
use super::super::order::Order;

/// What became of deliveries.
#[derive(Debug, Default)]
pub(super) struct Accepted {
    /// Up to where the chat's sockets were now handed its log, if they were handed anything.
    pub(super) reached: Option<u64>,
    /// Whether a repair has to be started.
    pub(super) repair: bool,
}

/// A chat's order behind its lock.
pub(super) struct Channel {
    state: Mutex<State>,
    /// The position, for those who wait for it; nothing while opening.
    position: watch::Sender<Option<u64>>,
}

/// What the lock guards.
pub(super) enum State {
    /// What came before the head was known, and how far the log was said to reach.
    Opening { early: Vec<Delivery>, newest: u64 },
    /// Under way; `repairing` while a task reads a gap.
    Open { order: Order, repairing: bool },
}

impl State {
    /// The order, if the head is known.
    pub(super) fn order(&self) -> Option<&Order> {
        match self {
            Self::Opening { .. } => None,
            Self::Open { order, .. } => Some(order),
        }
    }
}

impl Channel {
    /// A channel that keeps what comes until its head is known.
    pub(super) fn opening() -> Self {
        let state = Mutex::new(State::Opening { early: Vec::new(), newest: 0 });
        Self { state, position: watch::channel(None).0 }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock()
    }

    pub(super) fn try_lock(&self) -> Option<MutexGuard<'_, State>> {
        self.state.try_lock()
    }

    /// Waits until the head is known.
    pub(super) async fn opened(&self) {
        let _ = self.position.subscribe().wait_for(Option::is_some).await;
    }

    /// Waits until everything up to `seq` has been handed out.
    pub(super) async fn reached(&self, seq: u64) {
        let reached = |position: &Option<u64>| position.is_some_and(|position| position >= seq);
        let _ = self.position.subscribe().wait_for(reached).await;
    }

    /// Everything up to `head` is behind; what came early is given back to be accepted.
    pub(super) fn open_at(&self, head: u64) -> Vec<Delivery> {
        let mut state = self.lock();
        let open = State::Open { order: Order::from(head), repairing: false };
        let (early, newest) = match std::mem::replace(&mut *state, open) {
            State::Opening { early, newest } => (early, newest),
            State::Open { .. } => (Vec::new(), 0),
        };
        if let State::Open { order, .. } = &mut *state {
            order.expect(newest);
        }
        self.position.send_replace(Some(head));
        early
    }

    /// Puts deliveries in order and hands out what is ready, under the lock.
    pub(super) fn accept(
        &self,
        deliveries: Vec<Delivery>,
        hand_out: impl FnOnce(&[Arc<Delivery>]),
    ) -> Accepted {
        let mut state = self.lock();
        match &mut *state {
            State::Opening { early, .. } => {
                early.extend(deliveries);
                Accepted::default()
            }
            State::Open { order, repairing } => {
                let mut ready = Vec::with_capacity(deliveries.len());
                for delivery in deliveries {
                    ready.extend(order.accept(Arc::new(delivery)));
                }
                if !ready.is_empty() {
                    hand_out(&ready);
                    self.position.send_replace(Some(order.position()));
                }
                let repair = order.has_gap() && !*repairing;
                *repairing |= repair;
                Accepted { reached: ready.last().map(|last| last.seq), repair }
            }
        }
    }

    /// The log is known to reach up to `seq`; whether a repair has to be started.
    pub(super) fn expect(&self, seq: u64) -> bool {
        let mut state = self.lock();
        let (order, repairing) = match &mut *state {
            State::Open { order, repairing } => (order, repairing),
            State::Opening { newest, .. } => {
                *newest = seq.max(*newest);
                return false;
            }
        };
        order.expect(seq);
        let repair = order.has_gap() && !*repairing;
        *repairing |= repair;
        repair
    }

    /// Before what the gap lies; without one, or if the channel is not wanted any more, the
    /// repair is over.
    pub(super) fn gap(&self, is_wanted: impl FnOnce() -> bool) -> Option<u64> {
        let mut state = self.lock();
        let State::Open { order, repairing } = &mut *state else { return None };
        *repairing = order.has_gap() && is_wanted();
        repairing.then(|| order.position())
    }
}
