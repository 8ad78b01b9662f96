//! Tells senders how far their messages have come.
//!
//! A cursor move tells each sender whose messages it passed once: `message:status` for the
//! newest 200 of them to sockets of the old kind, one `chat:cursor` to all of their sockets. A
//! group's message changes status when the slowest of the other members passes it.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use zvon_protocol::event::{ChatCursor, MessageStatus, ServerEvent};
use zvon_protocol::ids::{ChatId, MessageId, UserId};
use zvon_protocol::message::Status;

use super::fanout::Fanout;
use super::store::Moved;
use crate::chat::Member;
use crate::clock::Clock;
use crate::message::status::reach;
use crate::store::{Store, StoreResult};

/// Most messages a move speaks of one by one.
const NEWEST: u32 = 200;

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

    fn tells_all(&self, moved: &Moved) -> bool {
        let unread = moved.read.0 == moved.read.1;
        self.0.get(&moved.chat).is_some_and(|(first, delivered)| {
            unread && *delivered && moved.delivered.0 + 1 >= *first
        })
    }

    fn told(&self, chat: ChatId, seq: u64, status: Status) -> bool {
        let told = |(first, delivered): &(u64, bool)| *delivered && seq >= *first;
        status == Status::Delivered && self.0.get(&chat).is_some_and(told)
    }
}

/// Tells senders. Cheap to clone.
#[derive(Clone)]
pub struct Notices {
    store: Arc<dyn Store>,
    fanout: Arc<dyn Fanout>,
    clock: Arc<dyn Clock>,
}

impl Notices {
    /// Over these seams.
    #[must_use]
    pub fn new(store: Arc<dyn Store>, fanout: Arc<dyn Fanout>, clock: Arc<dyn Clock>) -> Self {
        Self { store, fanout, clock }
    }

    /// Tells of these moves what was not told yet. What cannot be read is not told: clients see
    /// it at their next reading.
    pub async fn announce(&self, moved: &[Moved], fresh: &Fresh) {
        let news: Vec<&Moved> = moved.iter().filter(|m| !fresh.tells_all(m)).collect();
        let chats: HashSet<ChatId> = news.iter().map(|m| m.chat).collect();
        for chat in chats {
            let here: Vec<&Moved> = news.iter().copied().filter(|m| m.chat == chat).collect();
            if let Err(error) = self.announce_in(chat, &here, fresh).await {
                tracing::warn!(chat.id = %chat, %error, "senders could not be told");
            }
        }
    }

    async fn announce_in(&self, chat: ChatId, moved: &[&Moved], fresh: &Fresh) -> StoreResult<()> {
        let members = self.store.members(&[chat]).await?;
        for step in moved {
            let after = step.delivered.0.min(step.read.0);
            let upto = step.delivered.1.max(step.read.1);
            let passed = self.store.passed(chat, after, upto, step.user, NEWEST).await?;
            for (sender, id, status) in advances(&members, step, &passed) {
                let (_, seq, _) =
                    passed.iter().find(|(m, ..)| *m == id).copied().unwrap_or((id, 0, sender));
                if !fresh.told(chat, seq, status) {
                    let timestamp = self.clock.now();
                    let notice = MessageStatus { message_id: id, status, timestamp };
                    self.fanout.to_user_unsynced(sender, &ServerEvent::MessageStatus(notice));
                }
            }
            self.tell_cursor(step, &passed);
        }
        Ok(())
    }

    fn tell_cursor(&self, step: &Moved, passed: &[(MessageId, u64, UserId)]) {
        let event = ServerEvent::ChatCursor(ChatCursor {
            chat_id: step.chat,
            user_id: step.user,
            delivered_seq: step.delivered.1,
            read_seq: step.read.1,
        });
        let mut told: HashSet<UserId> = passed.iter().map(|(.., sender)| *sender).collect();
        if step.read.0 != step.read.1 {
            told.insert(step.user);
        }
        for user in told {
            self.fanout.to_user(user, &event);
        }
    }
}

/// Which of the passed messages changed status by this move, and to what. Pure.
fn advances(
    members: &[Member],
    step: &Moved,
    passed: &[(MessageId, u64, UserId)],
) -> Vec<(UserId, MessageId, Status)> {
    let with = |delivered: u64, read: u64| -> Vec<Member> {
        let mut members = members.to_vec();
        for member in members.iter_mut().filter(|member| member.user == step.user) {
            member.delivered_seq = delivered;
            member.read_seq = read;
        }
        members
    };
    let before = with(step.delivered.0, step.read.0);
    let after = with(step.delivered.1, step.read.1);
    let mut known: HashMap<UserId, (crate::message::status::Reach, crate::message::status::Reach)> =
        HashMap::new();
    let mut advanced = Vec::new();
    for (id, seq, sender) in passed {
        let (old, new) = *known
            .entry(*sender)
            .or_insert_with(|| (reach(&before, *sender), reach(&after, *sender)));
        if new.status(*seq) > old.status(*seq) {
            advanced.push((*sender, *id, new.status(*seq)));
        }
    }
    advanced
}
