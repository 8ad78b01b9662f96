//! What goes with a batch: who looks on before it, and who hears of it after it.

use std::collections::HashMap;

use zvon_protocol::ids::{ChatId, UserId};
use zvon_protocol::message::Status;

use super::super::news::Fresh;
use super::super::notice::CROWD;
use super::super::sequencer::RECEIPTS;
use super::super::store::Move;
use super::Lane;
use crate::message::store::{Append, Appended, Batch};
use crate::message::{EventKind, LogEvent, MessageRow};

impl Lane {
    /// Notes on each row who has its chat open and how far it is known here; gives those of
    /// crowded chats apart.
    pub(super) fn look_on(&self, rows: &mut [Append]) -> HashMap<ChatId, Vec<UserId>> {
        let (mut present, mut known) = (HashMap::new(), HashMap::new());
        for row in &*rows {
            present.entry(row.chat).or_insert_with(|| {
                known.insert(row.chat, self.sequencer.known(row.chat));
                self.fanout.present(row.chat, RECEIPTS + 1)
            });
        }
        for row in rows {
            let here: &Vec<UserId> = &present[&row.chat];
            row.known = known[&row.chat];
            if here.len() <= CROWD {
                row.present = here.iter().copied().filter(|user| *user != row.sender).collect();
            }
        }
        present.retain(|_, here| here.len() > CROWD && here.len() <= RECEIPTS);
        present
    }

    /// Hands out what was stored, and before it what other nodes stored meanwhile.
    pub(super) fn hand_over(&self, rows: &[Append], batch: &mut Batch) {
        for event in std::mem::take(&mut batch.skipped) {
            self.sequencer.hear(event.chat, &[(event, Status::Sent)]);
        }
        let mut by_chat: HashMap<ChatId, Vec<(LogEvent, Status)>> = HashMap::new();
        for (row, verdict) in rows.iter().zip(&batch.verdicts) {
            if let Some(logged) = logged(row, verdict) {
                by_chat.entry(row.chat).or_default().push(logged);
            }
        }
        for (chat, events) in by_chat {
            self.sequencer.committed(chat, events);
        }
    }

    /// What may happen after the answers: telling senders, moving the cursors of crowds.
    pub(super) fn tell(&self, rows: &[Append], batch: Batch, late: HashMap<ChatId, Vec<UserId>>) {
        self.receive_late(rows, &batch);
        let mut fresh = Fresh::default();
        let mut newest: HashMap<ChatId, u64> = HashMap::new();
        for (row, verdict) in rows.iter().zip(&batch.verdicts) {
            if let Appended::Stored { seq, delivered, .. } = verdict {
                fresh.note(row.chat, *seq, *delivered);
                newest.insert(row.chat, *seq);
            }
        }
        for (chat, users) in late {
            let Some(seq) = newest.get(&chat) else { continue };
            for user in users {
                let step = Move { chat, user, session: None, delivered: *seq, read: 0 };
                self.cursors.move_later(step);
            }
        }
        if !batch.moved.is_empty() {
            let notices = self.notices.clone();
            self.tasks.spawn(async move { notices.announce(batch.moved, &fresh).await });
        }
    }

    /// Who opened the chat during the commit was handed what was stored like those who had it
    /// open before; their cursors follow.
    fn receive_late(&self, rows: &[Append], batch: &Batch) {
        let mut here: HashMap<ChatId, Vec<UserId>> = HashMap::new();
        for (row, verdict) in rows.iter().zip(&batch.verdicts) {
            let Appended::Stored { seq, .. } = verdict else { continue };
            let here =
                here.entry(row.chat).or_insert_with(|| self.fanout.present(row.chat, CROWD + 1));
            let missed = |user: &&UserId| **user != row.sender && !row.present.contains(user);
            if here.len() <= CROWD {
                for user in here.iter().filter(missed) {
                    let (chat, user) = (row.chat, *user);
                    let step = Move { chat, user, session: None, delivered: *seq, read: 0 };
                    self.cursors.move_later(step);
                }
            }
        }
    }
}

/// The log event of a row that is in the log, and the status its message has by then. What is
/// repeated may have been stored by a try whose answer was lost; if it was heard, it is heard
/// no second time.
fn logged(row: &Append, verdict: &Appended) -> Option<(LogEvent, Status)> {
    let (message, status) = match verdict {
        Appended::Stored { seq, msg_no, at, delivered } => {
            let status = if *delivered { Status::Delivered } else { Status::Sent };
            (row.stored(*seq, *msg_no, *at), status)
        }
        Appended::Repeated(message) => (message.clone(), Status::Sent),
        Appended::Elsewhere | Appended::Denied(_) | Appended::Rejected => return None,
    };
    let MessageRow { chat, seq, msg_no, at, sender: actor, .. } = message;
    let kind = EventKind::Message(message);
    Some((LogEvent { chat, seq, msg_no, at, actor, kind }, status))
}
