//! What a batch does to cursors: sending and looking on are receiving. Pure.

use std::collections::HashMap;

use zvon_core::delivery::store::Moved;
use zvon_core::message::store::{Append, Appended};
use zvon_protocol::ids::{ChatId, UserId};

/// Where a chat stood before a batch that makes it grow, and how many are in it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Grown {
    pub(crate) from: u64,
    pub(crate) members: u64,
}

/// The chats that a batch makes grow.
pub(crate) type Growth = HashMap<ChatId, Grown>;

/// Where a member's cursors stand.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cursors {
    pub(crate) chat: ChatId,
    pub(crate) user: UserId,
    pub(crate) delivered: u64,
    pub(crate) read: u64,
}

/// Per chat and member the seq they have received, and the one they have read because they sent
/// it.
pub(crate) type Wishes = HashMap<(ChatId, UserId), (u64, u64)>;

/// What a batch wishes of cursors.
pub(crate) fn wishes(rows: &[Append], verdicts: &[Appended]) -> Wishes {
    let mut wishes = Wishes::new();
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

/// What the wishes make of the cursors: not back, and read is received; only those that move.
pub(crate) fn moves(cursors: &[Cursors], wishes: &Wishes) -> Vec<Moved> {
    let step = |now: &Cursors| {
        let (chat, user) = (now.chat, now.user);
        let wish = wishes.get(&(chat, user)).copied().unwrap_or_default();
        let read = now.read.max(wish.1);
        let delivered = now.delivered.max(wish.0).max(read);
        Moved { chat, user, delivered: (now.delivered, delivered), read: (now.read, read) }
    };
    cursors.iter().map(step).filter(Moved::goes_on).collect()
}

/// Marks the messages that every other member's cursor now covers.
pub(crate) fn mark_delivered(
    rows: &[Append],
    verdicts: &mut [Appended],
    growth: &Growth,
    moved: &[Moved],
) {
    let mut reached: HashMap<ChatId, Vec<&Moved>> = HashMap::new();
    for step in moved {
        reached.entry(step.chat).or_default().push(step);
    }
    for (row, verdict) in rows.iter().zip(verdicts) {
        let Appended::Stored { seq, delivered, .. } = verdict else { continue };
        let Some(chat) = growth.get(&row.chat) else { continue };
        let here = reached.get(&row.chat).map_or(&[][..], Vec::as_slice);
        let covers = |step: &&&Moved| step.user != row.sender && step.delivered.1 >= *seq;
        // Whose cursor the batch did not touch stands before it.
        let others = here.iter().filter(covers).count() as u64;
        *delivered = chat.members > 1 && others == chat.members - 1;
    }
}

/// Those of the moves that passed a message which their owner did not send: one that was there
/// before, or another's of this batch.
pub(crate) fn passing_foreign(
    moved: Vec<Moved>,
    rows: &[Append],
    verdicts: &[Appended],
    growth: &Growth,
) -> Vec<Moved> {
    let foreign = |step: &Moved| {
        let Some(chat) = growth.get(&step.chat) else { return false };
        let (after, upto) = step.span();
        let within = |(row, verdict): (&Append, &Appended)| {
            let Appended::Stored { seq, .. } = verdict else { return false };
            row.chat == step.chat && row.sender != step.user && after < *seq && *seq <= upto
        };
        after < chat.from || rows.iter().zip(verdicts).any(within)
    };
    moved.into_iter().filter(foreign).collect()
}
