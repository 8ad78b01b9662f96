//! What a group must be like. Pure.

use std::collections::HashSet;

use zvon_protocol::error::Code;
use zvon_protocol::ids::UserId;

use super::store::GroupChange;
use crate::error::{Error, Result};
use crate::store::Denied;

/// Most characters of a title.
const TITLE_MAX: usize = 100;

/// The title as it is stored.
///
/// # Errors
/// `Invalid`.
pub fn check_title(title: &str) -> Result<String> {
    let title = title.trim();
    if title.is_empty() || title.chars().any(char::is_control) {
        return Err(Error::invalid("title must not be blank"));
    }
    if title.chars().count() > TITLE_MAX {
        return Err(Error::invalid("title must not be longer than 100 characters"));
    }
    Ok(title.to_owned())
}

/// Everybody but the creator, each once.
///
/// # Errors
/// `Invalid` if there are too many.
pub fn others(creator: UserId, named: Vec<UserId>, max: u32) -> Result<Vec<UserId>> {
    let mut seen = HashSet::from([creator]);
    let others: Vec<UserId> = named.into_iter().filter(|user| seen.insert(*user)).collect();
    if seen.len() > max as usize {
        let text = format!("A group has at most {max} members");
        return Err(Error::RefusedWith(Code::Invalid, text));
    }
    Ok(others)
}

/// The sentence for a change that was denied.
#[must_use]
pub fn explain(denied: Denied, change: &GroupChange) -> Error {
    let text = match (denied, change) {
        (Denied::AlreadySo, GroupChange::Add { .. }) => {
            "User is already a participant of this chat"
        }
        (Denied::AlreadySo, GroupChange::SetRole(..)) => "User already has that role",
        (Denied::AlreadySo, GroupChange::Rename(_)) => "The chat already has that title",
        (Denied::Full, _) => "The group has as many members as it may",
        (Denied::NoTarget, GroupChange::Remove(_) | GroupChange::SetRole(..)) => {
            "That user is not a participant of this chat"
        }
        _ => return denied.into(),
    };
    let code = if denied == Denied::NoTarget { Code::NotFound } else { Code::Conflict };
    Error::Refused(code, text)
}
