//! A chat that is about to be. Pure.

use zvon_core::chat::Chat;
use zvon_core::chat::store::Author;
use zvon_protocol::chat::{ChatKind, Retention};
use zvon_protocol::ids::{ChatId, UserId};

/// Both ids in order: the same for both.
pub(crate) fn pair(one: UserId, other: UserId) -> Vec<u8> {
    let (low, high) = if one < other { (one, other) } else { (other, one) };
    [low.0.as_bytes().as_slice(), high.0.as_bytes()].concat()
}

/// A chat before its first event.
pub(crate) fn blank(id: ChatId, kind: ChatKind, title: Option<String>, author: Author) -> Chat {
    Chat {
        id,
        kind,
        title,
        created_at: author.at,
        created_by: author.user,
        last_seq: 0,
        msg_no: 0,
        last_at: author.at,
        expired_seq: 0,
        expired_no: 0,
        retention: Retention::default(),
    }
}
