//! Account events that wait for their row. Pure.
//!
//! What leaves is always the front, so the order stays; a row is taken out only when it is
//! committed. Bounded in bytes: what comes when the queue is full is refused.

use std::collections::VecDeque;

use zvon_protocol::time::Timestamp;

use super::event::{AccountEvent, AccountKind};

/// Most events of a row.
pub(super) const ROW: usize = 512;
/// Most bytes of a row, but for a single event that is larger.
const ROW_BYTES: usize = 64 * 1024;
/// How far the events of a row may lie apart in time, which is that of the first one.
const ROW_MILLIS: u64 = 1000;
/// Most bytes that wait: about 25 000 connections.
const QUEUE_BYTES: usize = 8 << 20;

/// What an event takes besides its texts.
const FRAME: usize = 192;

/// An event and when it happened.
struct Waiting {
    at: Timestamp,
    bytes: usize,
    event: AccountEvent,
}

/// The queue.
#[derive(Default)]
pub(super) struct Queue {
    waiting: VecDeque<Waiting>,
    bytes: usize,
}

impl Queue {
    /// Takes it in; `false` if there is no room.
    pub(super) fn push(&mut self, at: Timestamp, event: AccountEvent) -> bool {
        let bytes = size(&event);
        if self.bytes + bytes > QUEUE_BYTES {
            return false;
        }
        self.bytes += bytes;
        self.waiting.push_back(Waiting { at, bytes, event });
        true
    }

    /// How many wait.
    pub(super) fn len(&self) -> usize {
        self.waiting.len()
    }

    /// The next row: its time and its events.
    pub(super) fn row(&self) -> Option<(Timestamp, Vec<AccountEvent>)> {
        let at = self.waiting.front()?.at;
        let mut bytes = 0;
        let fits = |waiting: &&Waiting| {
            let first = bytes == 0;
            bytes += waiting.bytes;
            first || (bytes <= ROW_BYTES && waiting.at.0.abs_diff(at.0) <= ROW_MILLIS)
        };
        let events = self.waiting.iter().take(ROW).take_while(fits);
        Some((at, events.map(|waiting| waiting.event.clone()).collect()))
    }

    /// So many of the front are behind.
    pub(super) fn done(&mut self, count: usize) {
        let count = count.min(self.waiting.len());
        self.bytes -= self.waiting.drain(..count).map(|waiting| waiting.bytes).sum::<usize>();
    }
}

/// About what an event takes, here and in its row.
fn size(event: &AccountEvent) -> usize {
    let texts = match &event.kind {
        AccountKind::SignInRefused { address, device }
        | AccountKind::SessionStarted { address, device, .. } => address.len() + device.len(),
        AccountKind::Connected { connection, address, device } => {
            connection.len() + address.len() + device.len()
        }
        AccountKind::Disconnected { connection, .. } => connection.len(),
        AccountKind::SessionEnded { reason, .. } => reason.len(),
        AccountKind::Webhook { act, host, .. } => act.len() + host.len(),
        AccountKind::Created
        | AccountKind::PasswordChanged { .. }
        | AccountKind::Disabled
        | AccountKind::Enabled
        | AccountKind::OperatorMade
        | AccountKind::OperatorUnmade
        | AccountKind::Read { .. } => 0,
    };
    FRAME + texts
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{Strategy, any, prop, prop_assert, prop_assert_eq, proptest};
    use uuid::Uuid;
    use zvon_protocol::ids::UserId;

    use super::{
        AccountEvent, AccountKind, QUEUE_BYTES, Queue, ROW, ROW_BYTES, ROW_MILLIS, Timestamp, size,
    };

    fn event(number: u64, device: usize) -> AccountEvent {
        let (connection, address) = (number.to_string(), "192.0.2.1".to_owned());
        let kind = AccountKind::Connected { connection, address, device: "x".repeat(device) };
        AccountEvent { user: UserId(Uuid::nil()), kind }
    }

    /// Somebody comes after so many milliseconds, which may be less than none; or `None`: a row
    /// is taken, and its commit succeeds or not.
    fn steps() -> impl Strategy<Value = Vec<(Option<(i64, usize)>, bool)>> {
        let comes = prop::option::weighted(0.9, (-50_i64..300, 0_usize..30_000));
        prop::collection::vec((comes, any::<bool>()), 0..300)
    }

    proptest! {
        #[test]
        fn all_leave_once_in_order_in_rows_of_bounded_size(steps in steps()) {
            let (mut queue, mut now, mut number) = (Queue::default(), 1_000_000, 0);
            let (mut came, mut left) = (Vec::new(), Vec::new());
            let rest = std::iter::repeat_n((None, true), steps.len());
            for (comes, succeeds) in steps.iter().copied().chain(rest) {
                if let Some((after, device)) = comes {
                    (now, number) = (now + after, number + 1);
                    prop_assert!(queue.push(Timestamp(now), event(number, device)));
                    came.push((now, event(number, device)));
                } else if let Some((at, row)) = queue.row() {
                    prop_assert!(!row.is_empty() && row.len() <= ROW);
                    let bytes: usize = row.iter().map(size).sum();
                    prop_assert!(bytes <= ROW_BYTES || row.len() == 1);
                    let begin = left.len();
                    for (index, event) in row.iter().enumerate() {
                        prop_assert_eq!(event, &came[begin + index].1);
                        prop_assert!(came[begin + index].0.abs_diff(at.0) <= ROW_MILLIS);
                    }
                    prop_assert_eq!(at.0, came[begin].0);
                    if succeeds {
                        queue.done(row.len());
                        left.extend(row);
                    }
                }
            }
            prop_assert_eq!(left.len(), came.len());
            prop_assert_eq!((queue.len(), queue.bytes), (0, 0));
        }
    }

    #[test]
    fn what_finds_no_room_is_refused_and_what_leaves_makes_room() {
        let mut queue = Queue::default();
        let mut taken = 0;
        while queue.push(Timestamp(0), event(taken, 100)) {
            taken += 1;
        }
        assert!(queue.bytes <= QUEUE_BYTES && taken > 20_000, "{taken}");
        let (_, row) = queue.row().unwrap();
        assert!(row.len() > 200, "many share a row: {}", row.len());
        queue.done(row.len());
        assert!(queue.push(Timestamp(0), event(0, 100)));
        queue.done(usize::MAX);
        assert_eq!((queue.len(), queue.bytes), (0, 0));
    }
}
