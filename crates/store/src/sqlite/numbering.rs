//! The verdict on each row of a batch, and the numbers of those that go in. Pure.

use std::collections::HashMap;

use zvon_core::message::MessageRow;
use zvon_core::message::store::{Append, Appended};
use zvon_core::store::Denied;
use zvon_protocol::ids::{ChatId, MessageId};
use zvon_protocol::time::Timestamp;

/// What the database says of one row before it goes in.
#[derive(Clone, Debug)]
pub(super) struct Finding {
    /// Whether the session is live.
    pub(super) live: bool,
    /// The message of that id, if there is one.
    pub(super) known: Option<MessageRow>,
    /// The chat, if there is one.
    pub(super) head: Option<Head>,
    /// Whether the sender is a current member.
    pub(super) member: bool,
}

/// Where a chat stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Head {
    pub(super) seq: u64,
    pub(super) msg_no: u64,
    pub(super) at: Timestamp,
    pub(super) members: u64,
}

/// A batch after its decision.
#[derive(Debug, Default)]
pub(super) struct Numbered {
    /// One verdict per row. `delivered` is still open.
    pub(super) verdicts: Vec<Appended>,
    /// Where the chats stand that grew, and from where.
    pub(super) heads: HashMap<ChatId, (Head, Head)>,
}

/// Decides and numbers a batch: revoked, known, no chat, no member, twin, in.
pub(super) fn number(at: Timestamp, rows: &[Append], findings: &[Finding]) -> Numbered {
    let mut numbered = Numbered::default();
    let mut heads: HashMap<ChatId, (Head, Head)> = HashMap::new();
    let mut new: HashMap<MessageId, MessageRow> = HashMap::new();
    for (row, finding) in rows.iter().zip(findings) {
        let verdict = match (refuse(row, finding, &new), finding.head) {
            (Some(verdict), _) => verdict,
            (None, None) => Appended::Denied(Denied::NoChat),
            (None, Some(start)) => {
                let (_, head) = heads.entry(row.chat).or_insert((start, start));
                head.seq += 1;
                head.msg_no += 1;
                head.at = head.at.max(at);
                let (seq, msg_no, at) = (head.seq, head.msg_no, head.at);
                new.insert(row.id, row.stored(seq, msg_no, at));
                Appended::Stored { seq, msg_no, at, delivered: false }
            }
        };
        numbered.verdicts.push(verdict);
    }
    numbered.heads = heads;
    numbered
}

/// Why the row does not go in, if it does not.
fn refuse(
    row: &Append,
    finding: &Finding,
    new: &HashMap<MessageId, MessageRow>,
) -> Option<Appended> {
    if !finding.live {
        return Some(Appended::Denied(Denied::Revoked));
    }
    if let Some(known) = &finding.known {
        return Some(repeated(row, known));
    }
    if finding.head.is_none() {
        return Some(Appended::Denied(Denied::NoChat));
    }
    if !finding.member {
        return Some(Appended::Denied(Denied::NotAMember));
    }
    new.get(&row.id).map(|twin| repeated(row, twin))
}

fn repeated(row: &Append, known: &MessageRow) -> Appended {
    if known.chat == row.chat { Appended::Repeated(known.clone()) } else { Appended::Elsewhere }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::{Strategy, any, prop, proptest};
    use uuid::Uuid;
    use zvon_protocol::ids::{SessionId, UserId};

    use super::{Append, Appended, ChatId, Denied, Finding, Head, MessageId, Timestamp, number};

    const AT: Timestamp = Timestamp(1000);

    /// A row and what the database says of it: chat 0 is unknown, and the same for every row of
    /// one chat; ids below 4 are known, in chat 1.
    fn row() -> impl Strategy<Value = (Append, Finding)> {
        (0_u128..4, 0_u128..12, any::<bool>(), any::<bool>(), any::<u8>()).prop_map(
            |(chat, id, live, member, luck)| {
                let append = append_to(chat, id);
                // Most rows are fine.
                let (live, member) = (live || luck > 20, member || luck > 40);
                let known = (id < 4).then(|| append_to(1, id).stored(9, 9, AT));
                (append, Finding { live, known, head: head(chat), member })
            },
        )
    }

    fn append_to(chat: u128, id: u128) -> Append {
        Append {
            chat: ChatId(Uuid::from_u128(chat)),
            session: SessionId(Uuid::nil()),
            sender: UserId(Uuid::nil()),
            id: MessageId(Uuid::from_u128(id)),
            client_id: None,
            content: "text".to_owned(),
            forward: None,
            present: Vec::new(),
            known: None,
        }
    }

    /// Chats stand at other places, and chat 3's last event is of the future.
    fn head(chat: u128) -> Option<Head> {
        let seq = u64::try_from(chat).ok()? * 10;
        let at = if chat == 3 { Timestamp(2000) } else { Timestamp(0) };
        (chat > 0).then_some(Head { seq, msg_no: seq / 2, at, members: 2 })
    }

    proptest! {
        #[test]
        fn what_goes_in_is_dense_and_what_does_not_says_why(
            batch in prop::collection::vec(row(), 0..40),
        ) {
            let (rows, findings): (Vec<_>, Vec<_>) = batch.into_iter().unzip();
            let numbered = number(AT, &rows, &findings);
            assert_eq!(numbered.verdicts.len(), rows.len());
            let mut next: HashMap<ChatId, (u64, u64)> = HashMap::new();
            let mut new: HashMap<MessageId, ChatId> = HashMap::new();
            for ((row, finding), verdict) in rows.iter().zip(&findings).zip(&numbered.verdicts) {
                let there = finding.known.as_ref().map(|known| known.chat);
                let expected = match (finding.live, there, finding.head, finding.member) {
                    (false, ..) => Some("revoked"),
                    (_, Some(chat), ..) if chat == row.chat => Some("repeated"),
                    (_, Some(_), ..) => Some("elsewhere"),
                    (_, _, None, _) => Some("no chat"),
                    (.., false) => Some("no member"),
                    _ => match new.get(&row.id) {
                        Some(chat) if *chat == row.chat => Some("repeated"),
                        Some(_) => Some("elsewhere"),
                        None => None,
                    },
                };
                assert_eq!(word(verdict), expected);
                if let Appended::Stored { seq, msg_no, at, delivered } = verdict {
                    let head = finding.head.unwrap();
                    let place = next.entry(row.chat).or_insert((head.seq, head.msg_no));
                    *place = (place.0 + 1, place.1 + 1);
                    assert_eq!((*seq, *msg_no), *place);
                    assert_eq!((*at, *delivered), (AT.max(head.at), false));
                    new.insert(row.id, row.chat);
                }
            }
            assert_eq!(numbered.heads.len(), next.len());
            for (chat, (start, head)) in &numbered.heads {
                assert_eq!((head.seq, head.msg_no), next[chat]);
                assert_eq!(head.seq - start.seq, head.msg_no - start.msg_no);
            }
        }
    }

    fn word(verdict: &Appended) -> Option<&'static str> {
        Some(match verdict {
            Appended::Stored { .. } => return None,
            Appended::Repeated(_) => "repeated",
            Appended::Elsewhere => "elsewhere",
            Appended::Denied(Denied::Revoked) => "revoked",
            Appended::Denied(Denied::NoChat) => "no chat",
            Appended::Denied(Denied::NotAMember) => "no member",
            Appended::Denied(_) | Appended::Rejected => "not ours to say",
        })
    }
}
