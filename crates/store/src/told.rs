//! What an outbox row tells of accounts (`extra`), as the verbs of either database put it. Pure.

use zvon_core::delivery::store::Moved;
use zvon_core::outbox::event::{AccountEvent, AccountKind};
use zvon_core::session::{Reason, Session};
use zvon_protocol::ids::{SessionId, UserId};

/// Something that happened to that user.
pub(crate) fn of(user: UserId, kind: AccountKind) -> AccountEvent {
    AccountEvent { user, kind }
}

/// A session began.
pub(crate) fn started(session: &Session) -> AccountEvent {
    let (address, device) = (session.address.clone(), session.device.clone());
    of(session.user, AccountKind::SessionStarted { session: session.id, address, device })
}

/// Sessions of a user were ended.
pub(crate) fn ended(
    user: UserId,
    sessions: &[SessionId],
    reason: Reason,
) -> impl Iterator<Item = AccountEvent> {
    let reason = reason.word();
    let end = move |session: &SessionId| {
        let (session, reason) = (*session, reason.to_owned());
        of(user, AccountKind::SessionEnded { session, reason })
    };
    sessions.iter().map(end)
}

/// The read cursors among these moves.
pub(crate) fn reads(moved: &[Moved]) -> Vec<AccountEvent> {
    let moved = moved.iter().filter(|step| step.read.0 < step.read.1);
    let read = |step: &Moved| {
        let (chat, (after, upto)) = (step.chat, step.read);
        of(step.user, AccountKind::Read { chat, after, upto })
    };
    moved.map(read).collect()
}

/// The column; `None` when there is nothing to tell.
pub(crate) fn extra(events: &[AccountEvent]) -> Option<String> {
    if events.is_empty() { None } else { serde_json::to_string(events).ok() }
}
