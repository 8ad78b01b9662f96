//! Which messages this node's sockets were told to be read.
//!
//! Statuses of one message are told by whichever node moved the cursor, so an older one may come
//! late: it waited for Redis while another node's overtook it. A client believes what it hears
//! last. READ is final and nothing is told of SENT, so one fact is enough to keep an old status
//! out: that READ was told. What is told here and what comes from other nodes passes one lock, with
//! its way to the sockets inside.
//!
//! Bounded: the newest are remembered, more than any news that waits for Redis has time for.

use std::collections::HashSet;

use parking_lot::Mutex;
use zvon_protocol::event::MessageStatus;
use zvon_protocol::ids::MessageId;
use zvon_protocol::message::Status;
use zvon_socketio::Packet;

/// How many are remembered at least; at most twice as many.
const REMEMBERED: usize = 16_384;

/// What was told to be read.
#[derive(Default)]
pub(crate) struct Told(Mutex<Halves>);

#[derive(Default)]
struct Halves {
    young: HashSet<MessageId>,
    old: HashSet<MessageId>,
}

impl Halves {
    fn is_read(&self, message: &MessageId) -> bool {
        self.young.contains(message) || self.old.contains(message)
    }

    fn note(&mut self, message: MessageId) {
        self.young.insert(message);
        if self.young.len() >= REMEMBERED {
            self.old = std::mem::take(&mut self.young);
        }
    }
}

impl Told {
    /// Tells a status by `tell`, unless sockets were told before that it has come further. Whether
    /// it did.
    pub(crate) fn tell(&self, message: MessageId, status: Status, tell: impl FnOnce()) -> bool {
        let mut told = self.0.lock();
        match status {
            Status::Read => told.note(message),
            Status::Sent | Status::Delivered if told.is_read(&message) => return false,
            Status::Sent | Status::Delivered => {}
        }
        tell();
        true
    }

    /// Tells one socket a status by `tell`: the newest, for it may not have heard what others did.
    pub(crate) fn tell_one(&self, mut status: MessageStatus, tell: impl FnOnce(MessageStatus)) {
        let mut told = self.0.lock();
        if status.status == Status::Read {
            told.note(status.message_id);
        } else if told.is_read(&status.message_id) {
            status.status = Status::Read;
        }
        tell(status);
    }

    /// Hands on what another node sends, unless it is a status that was overtaken.
    pub(crate) fn relayed(&self, packet: &Packet, hand_on: &mut dyn FnMut()) {
        match status_of(packet) {
            Some(told) => {
                self.tell(told.message_id, told.status, hand_on);
            }
            None => hand_on(),
        }
    }

    /// These are shown with these statuses.
    pub(crate) fn show(&self, shown: impl Iterator<Item = (MessageId, Status)>) {
        let mut told = self.0.lock();
        shown.filter(|(_, status)| *status == Status::Read).for_each(|(id, _)| told.note(id));
    }
}

/// The status that a packet tells, if it tells one.
fn status_of(packet: &Packet) -> Option<MessageStatus> {
    let rest = packet.json().strip_prefix(r#"["message:status","#)?;
    serde_json::from_str(rest.strip_suffix(']')?).ok()
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;
    use zvon_protocol::event::ServerEvent;
    use zvon_protocol::time::Timestamp;

    use super::super::packet::packet;
    use super::{MessageId, MessageStatus, Packet, REMEMBERED, Status, Told};

    fn id(index: u128) -> MessageId {
        MessageId(Uuid::from_u128(index))
    }

    #[test]
    fn what_was_read_is_not_delivered_any_more() {
        let (told, tell) = (Told::default(), || {});
        assert!(told.tell(id(1), Status::Delivered, tell));
        assert!(told.tell(id(1), Status::Read, tell));
        assert!(told.tell(id(1), Status::Read, tell), "twice is no harm");
        assert!(!told.tell(id(1), Status::Delivered, tell));
        assert!(told.tell(id(2), Status::Delivered, tell));
        told.show([(id(2), Status::Read), (id(3), Status::Delivered)].into_iter());
        assert!(!told.tell(id(2), Status::Delivered, tell));
        assert!(told.tell(id(3), Status::Delivered, tell));
    }

    #[test]
    fn a_status_of_another_node_that_was_overtaken_is_not_handed_on() {
        let told = Told::default();
        let of = |status| {
            let status = MessageStatus { message_id: id(1), status, timestamp: Timestamp(0) };
            packet(&ServerEvent::MessageStatus(status)).unwrap()
        };
        let passes = |packet: &Packet| {
            let mut passed = 0;
            told.relayed(packet, &mut || passed += 1);
            passed == 1
        };
        let (delivered, read) = (of(Status::Delivered), of(Status::Read));
        assert!(passes(&delivered) && passes(&read) && passes(&read));
        assert!(!passes(&delivered));
        for other in ["typing", "message:status"] {
            assert!(passes(&Packet::event(other, "what is no status").unwrap()));
        }
    }

    #[test]
    fn one_socket_hears_the_newest() {
        let told = Told::default();
        told.tell(id(1), Status::Read, || {});
        for (message_id, expected) in [(id(1), Status::Read), (id(2), Status::Delivered)] {
            let timestamp = Timestamp::default();
            let status = MessageStatus { message_id, status: Status::Delivered, timestamp };
            told.tell_one(status, |told| assert_eq!(told.status, expected));
        }
    }

    #[test]
    fn the_newest_are_remembered_and_the_oldest_forgotten() {
        let told = Told::default();
        let last = 3 * REMEMBERED as u128;
        for index in 0..last {
            told.tell(id(index), Status::Read, || {});
        }
        assert!(!told.tell(id(last - REMEMBERED as u128), Status::Delivered, || {}));
        assert!(told.tell(id(0), Status::Delivered, || {}));
        let halves = told.0.lock();
        assert!(halves.young.len() + halves.old.len() <= 2 * REMEMBERED);
    }
}
