//! The status of a message: how far the slowest of the other members has come. Pure.

use zvon_protocol::ids::UserId;
use zvon_protocol::message::Status;

use crate::chat::Member;

/// How far the slowest of a chat's members other than a given one has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reach {
    /// Everything up to here has reached all of them.
    pub delivered: u64,
    /// Everything up to here has been read by all of them.
    pub read: u64,
}

impl Reach {
    /// The status of a message at `seq`.
    #[must_use]
    pub fn status(self, seq: u64) -> Status {
        if seq <= self.read {
            Status::Read
        } else if seq <= self.delivered {
            Status::Delivered
        } else {
            Status::Sent
        }
    }
}

/// The reach of the members but `sender`; nothing if there is no other.
pub fn reach(members: &[Member], sender: UserId) -> Reach {
    let others = || members.iter().filter(|member| member.user != sender);
    Reach {
        delivered: others().map(|member| member.delivered_seq).min().unwrap_or(0),
        read: others().map(|member| member.read_seq).min().unwrap_or(0),
    }
}

/// The reach for every sender of a page, worked out once per sender.
#[derive(Debug)]
pub struct Reaches<'a> {
    members: &'a [Member],
    known: Vec<(UserId, Reach)>,
}

impl<'a> Reaches<'a> {
    /// Over the current members of one chat.
    #[must_use]
    pub fn over(members: &'a [Member]) -> Self {
        Self { members, known: Vec::new() }
    }

    /// The status of a message of `sender` at `seq`.
    pub fn status(&mut self, sender: UserId, seq: u64) -> Status {
        let known = self.known.iter().find(|(user, _)| *user == sender).map(|(_, reach)| *reach);
        let reach = known.unwrap_or_else(|| {
            let reach = reach(self.members, sender);
            self.known.push((sender, reach));
            reach
        });
        reach.status(seq)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{prop, proptest};
    use uuid::Uuid;
    use zvon_protocol::chat::Role;
    use zvon_protocol::ids::ChatId;

    use super::{Member, Reaches, Status, UserId, reach};

    fn members(cursors: &[(u64, u64)]) -> Vec<Member> {
        let member = |(index, (delivered, read)): (usize, &(u64, u64))| Member {
            chat: ChatId(Uuid::nil()),
            user: UserId(Uuid::from_u128(index as u128)),
            name: String::new(),
            role: Role::Member,
            joined_seq: 1,
            delivered_seq: *delivered,
            read_seq: *read,
            read_no: 0,
        };
        cursors.iter().enumerate().map(member).collect()
    }

    #[test]
    fn who_is_alone_reaches_nobody() {
        let members = members(&[(9, 9)]);
        assert_eq!(reach(&members, members[0].user).status(1), Status::Sent);
    }

    proptest! {
        #[test]
        fn a_message_is_as_far_as_the_slowest_of_the_others(
            cursors in prop::collection::vec((0_u64..20, 0_u64..20), 2..6),
            seq in 1_u64..20,
        ) {
            let cursors: Vec<_> = cursors.iter().map(|(d, r)| (*d.max(r), *r)).collect();
            let members = members(&cursors);
            let mut reaches = Reaches::over(&members);
            for (sender, member) in members.iter().enumerate() {
                let others = || cursors.iter().enumerate().filter(|(at, _)| *at != sender);
                let expected = if others().all(|(_, (_, read))| *read >= seq) {
                    Status::Read
                } else if others().all(|(_, (delivered, _))| *delivered >= seq) {
                    Status::Delivered
                } else {
                    Status::Sent
                };
                assert_eq!(reaches.status(member.user, seq), expected);
            }
        }
    }
}
