//! What a text must be like, and who a message is. Pure.

use hmac::{Hmac, Mac};
use sha2::Sha256;
use uuid::Uuid;
use zvon_protocol::error::Code;
use zvon_protocol::ids::{MessageId, UserId};

use crate::error::{Error, Result};

/// Most bytes of a client id.
const CLIENT_ID_MAX: usize = 64;
/// What stands between a comment and the text it is about.
const FORWARD_MARK: &str = "\n\n--- Forwarded message ---\n";

/// Refuses a text that is blank, too long, or that PostgreSQL would choke on.
///
/// # Errors
/// `Invalid`.
pub fn check_text(text: &str, max: usize) -> Result<()> {
    if text.trim().is_empty() {
        return Err(Error::invalid("content must not be blank"));
    }
    if text.len() > max {
        let text = format!("content must not be longer than {max} bytes");
        return Err(Error::RefusedWith(Code::Invalid, text));
    }
    if text.contains('\0') {
        return Err(Error::invalid("content must not contain NUL characters"));
    }
    Ok(())
}

/// Refuses a client id that cannot be one.
///
/// # Errors
/// `Invalid`.
pub fn check_client_id(id: &str) -> Result<()> {
    if id.is_empty() || id.len() > CLIENT_ID_MAX || id.chars().any(char::is_control) {
        return Err(Error::invalid("clientId must be 1 to 64 bytes of text"));
    }
    Ok(())
}

/// The identity of a message: its sender's own key makes it the same for ever; without one it is
/// fresh. The chat is not part of it, so a key used again in another chat is found out.
#[must_use]
pub fn message_id(cluster_key: &[u8], sender: UserId, client_id: Option<&str>) -> MessageId {
    let Some(client_id) = client_id else { return MessageId(Uuid::now_v7()) };
    let mut bytes = [0; 16];
    if let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(cluster_key) {
        mac.update(b"message\0");
        mac.update(sender.0.as_bytes());
        mac.update(client_id.as_bytes());
        bytes.copy_from_slice(&mac.finalize().into_bytes()[..16]);
    }
    MessageId(uuid::Builder::from_custom_bytes(bytes).into_uuid())
}

/// The text of a forwarded message: the comment, if there is one, and the original.
#[must_use]
pub fn forwarded_text(original: &str, comment: Option<&str>) -> String {
    match comment.filter(|comment| !comment.trim().is_empty()) {
        Some(comment) => format!("{comment}{FORWARD_MARK}{original}"),
        None => original.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::{UserId, Uuid, check_text, forwarded_text, message_id};

    #[test]
    fn a_client_id_makes_one_message_per_sender() {
        let (ann, bob) = (UserId(Uuid::from_u128(1)), UserId(Uuid::from_u128(2)));
        assert_eq!(message_id(b"k", ann, Some("1")), message_id(b"k", ann, Some("1")));
        assert_ne!(message_id(b"k", ann, Some("1")), message_id(b"k", bob, Some("1")));
        assert_ne!(message_id(b"k", ann, Some("1")), message_id(b"other", ann, Some("1")));
        assert_ne!(message_id(b"k", ann, None), message_id(b"k", ann, None));
    }

    #[test]
    fn the_comment_goes_first_in_the_contract_s_form() {
        assert_eq!(forwarded_text("b", Some("a")), "a\n\n--- Forwarded message ---\nb");
        assert_eq!(forwarded_text("b", Some(" ")), "b");
        assert_eq!(forwarded_text("b", None), "b");
    }

    #[test]
    fn texts_have_bounds() {
        assert!(check_text("a", 1).is_ok());
        assert!(check_text("aa", 1).is_err());
        assert!(check_text(" \n\t", 9).is_err());
        assert!(check_text("a\0", 9).is_err());
    }
}
