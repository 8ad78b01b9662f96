//! The messages that expired by an event: by their stretches of the log. Pure.

use std::collections::HashMap;

use zvon_core::message::EventKind;
use zvon_core::outbox::store::{Passed, Stretch, Told};
use zvon_protocol::ids::ChatId;

/// The stretches whose messages expired by these events; none overlaps another.
pub(crate) fn stretches(told: &[Told]) -> Vec<Stretch> {
    told.iter().filter_map(stretch).collect()
}

fn stretch(told: &Told) -> Option<Stretch> {
    match told.event.kind {
        EventKind::Expired { after, upto } => Some(Stretch { chat: told.event.chat, after, upto }),
        _ => None,
    }
}

/// Puts the messages that stood there to the events by which they went.
pub(crate) fn fill(told: &mut [Told], mut emptied: Vec<Passed>) {
    emptied.sort_unstable_by_key(|message| (message.chat, message.seq));
    let mut all: HashMap<ChatId, &[Passed]> = HashMap::new();
    for chat in emptied.chunk_by(|one, next| one.chat == next.chat) {
        all.extend(chat.first().map(|first| (first.chat, chat)));
    }
    for one in told {
        let Some(Stretch { chat, after, upto }) = stretch(one) else { continue };
        let here = all.get(&chat).copied().unwrap_or_default();
        let upto = here.partition_point(|message| message.seq <= upto);
        let after = here.partition_point(|message| message.seq <= after).min(upto);
        one.expired = here[after..upto].iter().map(|message| message.id).collect();
    }
}
