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
        (Denied::AlreadySo, GroupChange::Keep(_)) => "The chat already keeps messages so long",
        (Denied::Full, _) => "The group has as many members as it may",
        (Denied::NoTarget, GroupChange::Remove(_) | GroupChange::SetRole(..)) => {
            "That user is not a participant of this chat"
        }
        _ => return denied.into(),
    };
    let code = if denied == Denied::NoTarget { Code::NotFound } else { Code::Conflict };
    Error::Refused(code, text)
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;
    use zvon_protocol::chat::Role;

    use super::{Code, Denied, GroupChange, UserId, check_title, explain, others};

    fn user(index: u128) -> UserId {
        UserId(Uuid::from_u128(index))
    }

    #[test]
    fn a_title_is_one_line_of_text() {
        assert_eq!(check_title("  Цех №5 🙂 ").unwrap(), "Цех №5 🙂");
        assert_eq!(check_title(&"ж".repeat(100)).unwrap().chars().count(), 100);
        for title in ["", " \t", "a\nb", "a\0b", &"x".repeat(101)] {
            assert!(check_title(title).is_err(), "{title:?}");
        }
    }

    #[test]
    fn everybody_is_named_once_and_the_creator_is_there_anyway() {
        let named = vec![user(2), user(1), user(3), user(2)];
        assert_eq!(others(user(1), named.clone(), 3).unwrap(), [user(2), user(3)]);
        assert!(others(user(1), named, 2).is_err(), "the creator counts");
        assert!(others(user(1), vec![], 1).unwrap().is_empty());
    }

    #[test]
    fn a_denial_says_what_it_is_about() {
        let add = GroupChange::Add { user: user(1), max: 9 };
        let cases = [
            (Denied::AlreadySo, &add, Code::Conflict, "already a participant"),
            (Denied::Full, &add, Code::Conflict, "as many members"),
            (Denied::NoTarget, &add, Code::NotFound, "User not found"),
            (Denied::NotAnAdmin, &add, Code::Forbidden, "admin"),
        ];
        for (denied, change, code, text) in cases {
            let error = explain(denied, change);
            assert_eq!(error.code(), code);
            assert!(error.text().contains(text), "{}", error.text());
        }
        let role = GroupChange::SetRole(user(1), Role::Admin);
        assert_eq!(explain(Denied::NoTarget, &role).code(), Code::NotFound);
        assert!(explain(Denied::AlreadySo, &role).text().contains("role"));
    }
}
