//! What cursor moves mean to the senders of what they passed. Pure.

use std::collections::HashMap;

use zvon_protocol::ids::{ChatId, MessageId, UserId};
use zvon_protocol::message::Status;

use super::store::Moved;
use crate::chat::Member;
use crate::message::status::{Reach, reach};

/// A message that was passed: identity, seq, sender.
pub(super) type Passed = (MessageId, u64, UserId);

/// What a batch's own payloads already told: per chat the first new seq, and whether all of its
/// messages went out as delivered.
#[derive(Debug, Default)]
pub struct Fresh(HashMap<ChatId, (u64, bool)>);

impl Fresh {
    /// Notes a message that went out.
    pub fn note(&mut self, chat: ChatId, seq: u64, delivered: bool) {
        let entry = self.0.entry(chat).or_insert((seq, true));
        entry.1 &= delivered;
    }

    /// Whether nothing is left to tell of this move.
    pub(super) fn tells_all(&self, moved: &Moved) -> bool {
        let unread = moved.read.0 == moved.read.1;
        self.0.get(&moved.chat).is_some_and(|(first, delivered)| {
            unread && *delivered && moved.delivered.0 + 1 >= *first
        })
    }

    /// Whether this status of this message was told.
    pub(super) fn told(&self, chat: ChatId, seq: u64, status: Status) -> bool {
        let told = |(first, delivered): &(u64, bool)| *delivered && seq >= *first;
        status == Status::Delivered && self.0.get(&chat).is_some_and(told)
    }
}

/// Which of the passed messages changed status by these moves in one chat, and to what.
pub(super) fn advances(
    members: &[Member],
    moved: &[Moved],
    passed: &[Passed],
) -> Vec<(Passed, Status)> {
    let before = at(members, moved, |step| (step.delivered.0, step.read.0));
    let after = at(members, moved, |step| (step.delivered.1, step.read.1));
    let mut known: HashMap<UserId, (Reach, Reach)> = HashMap::new();
    let mut advanced = Vec::new();
    for message in passed {
        let (_, seq, sender) = *message;
        let both = || (reach(&before, sender), reach(&after, sender));
        let (old, new) = *known.entry(sender).or_insert_with(both);
        if new.status(seq) > old.status(seq) {
            advanced.push((*message, new.status(seq)));
        }
    }
    advanced
}

/// The members with the cursors that these moves give them.
fn at(members: &[Member], moved: &[Moved], cursors: impl Fn(&Moved) -> (u64, u64)) -> Vec<Member> {
    let steps: HashMap<UserId, &Moved> = moved.iter().map(|step| (step.user, step)).collect();
    let mut members = members.to_vec();
    for member in &mut members {
        if let Some(step) = steps.get(&member.user) {
            (member.delivered_seq, member.read_seq) = cursors(step);
        }
    }
    members
}

/// One move from the beginning of the first to the end of both.
pub(super) fn join(first: Moved, second: Moved) -> Moved {
    let span = |a: (u64, u64), b: (u64, u64)| (a.0.min(b.0), a.1.max(b.1));
    Moved {
        delivered: span(first.delivered, second.delivered),
        read: span(first.read, second.read),
        ..first
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop, proptest};
    use uuid::Uuid;
    use zvon_protocol::chat::Role;

    use super::{ChatId, Fresh, Member, MessageId, Moved, Passed, Status, UserId, advances, join};

    const CHAT: ChatId = ChatId(Uuid::nil());

    fn user(index: u128) -> UserId {
        UserId(Uuid::from_u128(index))
    }

    fn member(index: u128, delivered_seq: u64, read_seq: u64) -> Member {
        let (name, role) = (String::new(), Role::Member);
        let user = user(index);
        Member { chat: CHAT, user, name, role, joined_seq: 1, delivered_seq, read_seq, read_no: 0 }
    }

    fn step(index: u128, delivered: (u64, u64), read: (u64, u64)) -> Moved {
        Moved { chat: CHAT, user: user(index), delivered, read }
    }

    fn message(seq: u64, sender: u128) -> Passed {
        (MessageId(Uuid::from_u128(u128::from(seq))), seq, user(sender))
    }

    #[test]
    fn in_a_pair_each_message_that_was_passed_advances() {
        let members = [member(1, 9, 9), member(2, 7, 5)];
        let passed = [message(4, 1), message(5, 1), message(6, 1), message(7, 2)];
        let told = advances(&members, &[step(2, (4, 7), (3, 5))], &passed);
        let expected = [(4, Status::Read), (5, Status::Read), (6, Status::Delivered)];
        let told: Vec<_> = told.iter().map(|((_, seq, _), status)| (*seq, *status)).collect();
        assert_eq!(told, expected);
    }

    #[test]
    fn in_a_group_the_slowest_decides_and_a_crowd_tells_once() {
        let slow = [member(1, 9, 9), member(2, 9, 1), member(3, 2, 1)];
        let moved = [step(2, (1, 9), (1, 1))];
        assert!(advances(&slow, &moved, &[message(5, 1)]).is_empty());
        let all = [member(1, 9, 9), member(2, 9, 1), member(3, 9, 1)];
        let moved = [step(2, (1, 9), (1, 1)), step(3, (1, 9), (1, 1))];
        let told = advances(&all, &moved, &[message(5, 1)]);
        assert_eq!(told, [(message(5, 1), Status::Delivered)]);
    }

    #[test]
    fn what_went_out_as_delivered_is_not_told_again() {
        let mut fresh = Fresh::default();
        fresh.note(CHAT, 5, true);
        fresh.note(CHAT, 6, true);
        assert!(fresh.tells_all(&step(2, (4, 6), (1, 1))));
        assert!(!fresh.tells_all(&step(2, (3, 6), (1, 1))), "it passed an older one");
        assert!(!fresh.tells_all(&step(2, (4, 6), (1, 6))), "it was read");
        assert!(fresh.told(CHAT, 5, Status::Delivered));
        assert!(!fresh.told(CHAT, 4, Status::Delivered));
        assert!(!fresh.told(CHAT, 5, Status::Read));
        fresh.note(CHAT, 7, false);
        assert!(!fresh.tells_all(&step(2, (4, 6), (1, 1))));
        assert!(!fresh.told(CHAT, 5, Status::Delivered));
    }

    proptest! {
        #[test]
        fn moves_that_are_joined_tell_what_they_told_apart(
            cuts in prop::collection::vec(1_u64..20, 3),
            slow in 1_u64..20,
            reads in any::<bool>(),
        ) {
            let mut cuts = cuts;
            cuts.sort_unstable();
            let read = |from, to| if reads { (from, to) } else { (0, 0) };
            let move_to = |from, to| step(2, (from, to), read(from, to));
            let (one, two) = (move_to(cuts[0], cuts[1]), move_to(cuts[1], cuts[2]));
            let members = [member(1, 20, 20), member(2, cuts[2], cuts[2]), member(3, slow, slow)];
            let passed: Vec<Passed> = (1..20).map(|seq| message(seq, 1)).collect();
            let mut apart = advances(&members, &[one], &passed);
            apart.extend(advances(&members, &[two], &passed));
            apart.sort_unstable_by_key(|((_, seq, _), _)| *seq);
            assert_eq!(advances(&members, &[join(one, two)], &passed), apart);
        }
    }
}
