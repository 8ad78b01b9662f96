//! The verdict on each row of a batch, and the numbers of those that go in. Pure.

use std::collections::HashMap;

use zvon_core::message::MessageRow;
use zvon_core::message::store::{Append, Appended};
use zvon_core::store::Denied;
use zvon_protocol::ids::{ChatId, MessageId, UserId};
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
        let verdict = match refuse(row, finding, &new) {
            Some(verdict) => verdict,
            None => {
                let Some(start) = finding.head else { continue };
                let (_, head) = heads.entry(row.chat).or_insert((start, start));
                head.seq += 1;
                head.msg_no += 1;
                head.at = head.at.max(at);
                let (seq, msg_no, at) = (head.seq, head.msg_no, head.at);
                new.insert(row.id, message(row, seq, msg_no, at));
                Appended::Stored { seq, msg_no, at, delivered: false }
            }
        };
        numbered.verdicts.push(verdict);
    }
    numbered.heads = heads;
    numbered
}

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

fn message(row: &Append, seq: u64, msg_no: u64, at: Timestamp) -> MessageRow {
    MessageRow {
        id: row.id,
        chat: row.chat,
        seq,
        msg_no,
        at,
        sender: row.sender,
        content: row.content.clone(),
        client_id: row.client_id.clone(),
        forward: row.forward,
        pin: None,
    }
}

/// What a batch wishes of cursors: per chat and member the seq they have received, and whether
/// they have read it because they sent it.
pub(super) fn wishes(
    rows: &[Append],
    verdicts: &[Appended],
) -> HashMap<(ChatId, UserId), (u64, u64)> {
    let mut wishes: HashMap<(ChatId, UserId), (u64, u64)> = HashMap::new();
    for (row, verdict) in rows.iter().zip(verdicts) {
        let Appended::Stored { seq, .. } = verdict else { continue };
        for user in &row.present {
            let wish = wishes.entry((row.chat, *user)).or_default();
            wish.0 = wish.0.max(*seq);
        }
        let own = wishes.entry((row.chat, row.sender)).or_default();
        *own = (own.0.max(*seq), own.1.max(*seq));
    }
    wishes
}
