//! Records, out of rows of the outbox: what other systems hear of each change. Pure.
//!
//! `chat` says what an event of a log tells, `account` what one of an account does; a message is
//! told on several topics. Records of a key (the chat; the user, for what is about a person) come
//! in the order of the log and of the outbox.

mod account;
mod chat;
mod id;

use std::collections::HashMap;

use uuid::Uuid;
use zvon_protocol::ids::{ChatId, UserId};
use zvon_protocol::record::{Envelope, Payload, VERSION};
use zvon_protocol::time::Timestamp;

use super::event::{AccountEvent, AccountKind};
use super::store::{OutboxRow, Passed, Stretch, Told};
use super::wanted::Wanted;
use crate::event_log::Record;

/// How far back in the log a moved read cursor is told message by message. Whoever has read a
/// message has read those before it, too.
pub(super) const READ_MOST: u64 = 256;

/// A row with its account events as values, and where in the row they stand.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) row: OutboxRow,
    pub(super) events: Vec<(usize, AccountEvent)>,
}

/// What rows refer to, as far as it was read for them.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// For whom.
    wanted: Wanted,
    told: HashMap<(ChatId, u64), Told>,
    /// Messages by chat, ascending.
    passed: HashMap<ChatId, Vec<Passed>>,
}

impl Known {
    pub(super) fn new(told: Vec<Told>, passed: Vec<Passed>) -> Self {
        let told = told.into_iter().map(|told| ((told.event.chat, told.event.seq), told));
        let (wanted, told, passed_by_chat) = (Wanted::default(), told.collect(), HashMap::new());
        let mut known = Self { wanted, told, passed: passed_by_chat };
        for message in passed {
            known.passed.entry(message.chat).or_default().push(message);
        }
        known.passed.values_mut().for_each(|messages| messages.sort_by_key(|message| message.seq));
        known
    }

    /// What was read for who wants only that.
    pub(super) fn only(self, wanted: Wanted) -> Self {
        Self { wanted, ..self }
    }
}

impl Known {
    /// How many records there are of messages that expired, which no row tells of itself.
    pub(super) fn expired(&self) -> u64 {
        self.told.values().map(|told| told.expired.len() as u64).sum()
    }
}

impl Row {
    /// Which stretches of logs are to be read for who wants that: what it added, and what was read
    /// by it.
    pub(super) fn stretches(&self, wanted: Wanted) -> (Vec<Stretch>, Vec<Stretch>) {
        let added = |(chat, low, high): &(ChatId, u64, u64)| Stretch {
            chat: *chat,
            after: low.saturating_sub(1),
            upto: *high,
        };
        let added = self.row.spans.iter().filter(|_| wanted.logs()).map(added);
        let read = self.events.iter().filter(|_| wanted.passed());
        let read = read.filter_map(|(_, event)| account::read(&event.kind));
        (added.collect(), read.collect())
    }

    /// About how many records it makes for who wants that.
    pub(super) fn weight(&self, wanted: Wanted) -> u64 {
        let (added, read) = self.stretches(wanted);
        let length = |stretch: &Stretch| stretch.upto.saturating_sub(stretch.after);
        let added: u64 = added.iter().map(length).sum();
        let each = if wanted.messages() { 3 } else { 1 };
        added * each + read.iter().map(length).sum::<u64>() + self.events.len() as u64 * 2
    }

    /// Whether there is anything in it for who wants that.
    pub(super) fn is_for(&self, wanted: Wanted) -> bool {
        !self.events.is_empty() || (wanted.logs() && !self.row.spans.is_empty())
    }

    /// The chats it is about.
    pub(super) fn chats(&self) -> impl Iterator<Item = ChatId> {
        let added = self.row.spans.iter().map(|(chat, ..)| *chat);
        added.chain(self.events.iter().filter_map(|(_, event)| read_in(event)))
    }

    /// Forgets what is not of these chats, which ascend.
    pub(super) fn keep(&mut self, chats: &[ChatId]) {
        let kept = |chat: &ChatId| chats.binary_search(chat).is_ok();
        self.row.spans.retain(|(chat, ..)| kept(chat));
        self.events.retain(|(_, event)| read_in(event).as_ref().is_some_and(kept));
    }

    /// Its records, in order, as far as they are wanted.
    pub(super) fn records(&self, known: &Known) -> Vec<Record> {
        let wanted = known.wanted;
        let mut records = Wanting { wanted, records: Vec::new() };
        for (chat, low, high) in self.row.spans.iter().filter(|_| wanted.logs()) {
            for seq in *low..=*high {
                match known.told.get(&(*chat, seq)) {
                    Some(told) => chat::tell(told, &self.row.admitted, &mut records),
                    None if !wanted.messages() => {}
                    None => tracing::error!(%chat, seq, "the log lacks what the outbox tells of"),
                }
            }
        }
        for (index, event) in &self.events {
            account::tell(self.row.at, *index, event, known, &mut records);
        }
        records.records
    }
}

/// Records, of wanted topics alone.
struct Wanting {
    wanted: Wanted,
    records: Vec<Record>,
}

/// The chat in which somebody's read cursor moved by it.
fn read_in(event: &AccountEvent) -> Option<ChatId> {
    match event.kind {
        AccountKind::Read { chat, .. } => Some(chat),
        _ => None,
    }
}

/// Stretches without overlaps, which is what they are read by.
pub(super) fn merged(mut all: Vec<Stretch>) -> Vec<Stretch> {
    all.sort_unstable_by_key(|stretch| (stretch.chat, stretch.after));
    let mut merged: Vec<Stretch> = Vec::with_capacity(all.len());
    for stretch in all {
        match merged.last_mut() {
            Some(last) if last.chat == stretch.chat && stretch.after <= last.upto => {
                last.upto = last.upto.max(stretch.upto);
            }
            _ => merged.push(stretch),
        }
    }
    merged
}

/// Everything that records of one event share.
struct Teller<'a> {
    at: Timestamp,
    seq: Option<u64>,
    /// What the event is, for its ids.
    parts: Vec<Vec<u8>>,
    records: &'a mut Wanting,
}

impl Teller<'_> {
    fn of_chat(&mut self, chat: ChatId, payload: Payload) {
        self.push(chat.0, payload, &[]);
    }

    fn of_user(&mut self, user: UserId, payload: Payload) {
        self.push(user.0, payload, &[]);
    }

    /// One of several records of an event on one topic.
    fn push(&mut self, key: Uuid, payload: Payload, which: &[&[u8]]) {
        if !self.records.wanted.has(payload.topic()) {
            return;
        }
        let parts: Vec<&[u8]> =
            self.parts.iter().map(Vec::as_slice).chain(which.iter().copied()).collect();
        let event_id = id::event_id(self.at, payload.topic(), &parts);
        let (timestamp, version) = (self.at.0, VERSION.to_owned());
        let envelope = Envelope { event_id, timestamp, version, seq: self.seq, payload };
        self.records.records.push(Record { key, envelope });
    }
}

#[cfg(test)]
mod tests;
