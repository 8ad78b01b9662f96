//! What a new account must be like. Pure.

use zvon_protocol::rest::Register;

use crate::error::{Error, Result};

/// Most bytes of an address.
pub(super) const EMAIL_MAX: usize = 254;
/// Most characters of a name.
const NAME_MAX: usize = 100;
/// Most bytes of a password.
const PASSWORD_MAX: usize = 1000;

/// Refuses what the list of users, the front end or the database would choke on.
///
/// # Errors
/// `Invalid`, with the text that the register page shows.
pub fn check_sign_up(body: &Register, password_min: usize) -> Result<()> {
    let email = body.email.trim();
    if !is_email(email) {
        return Err(Error::invalid("email must be an email"));
    }
    let name = body.name.trim();
    if name.is_empty() || !is_clean(name) {
        return Err(Error::invalid("name must not be blank"));
    }
    if name.chars().count() > NAME_MAX {
        return Err(Error::invalid("name must not be longer than 100 characters"));
    }
    check_password(&body.password, password_min)
}

/// Refuses a new password that is too short or absurdly long.
///
/// # Errors
/// `Invalid`, with a text for its owner.
pub fn check_password(password: &str, least: usize) -> Result<()> {
    if password.chars().count() < least {
        let text = format!("password must be at least {least} characters long");
        return Err(Error::RefusedWith(zvon_protocol::error::Code::Invalid, text));
    }
    if password.len() > PASSWORD_MAX {
        return Err(Error::invalid("password must not be longer than 1000 bytes"));
    }
    Ok(())
}

fn is_email(text: &str) -> bool {
    let Some((user, host)) = text.rsplit_once('@') else { return false };
    text.len() <= EMAIL_MAX
        && !user.is_empty()
        && !host.is_empty()
        && !host.starts_with(['.', '-'])
        && !host.ends_with(['.', '-'])
        && !text.chars().any(|c| c.is_whitespace() || c.is_control())
        && !user.contains('@')
}

/// No control characters: a name is one line of text.
fn is_clean(text: &str) -> bool {
    !text.chars().any(char::is_control)
}

#[cfg(test)]
mod tests {
    use super::{Register, check_sign_up};

    fn verdict(email: &str, password: &str, name: &str) -> bool {
        let (email, password, name) = (email.into(), password.into(), name.into());
        let body = Register { email, password, name, refresh: false };
        check_sign_up(&body, 8).is_ok()
    }

    #[test]
    fn tells_people_from_mistakes() {
        assert!(verdict("a@b.c", "12345678", "Ann"));
        assert!(verdict("анна@пример.рф", "пароль-12", "Анна"));
        for email in ["", "a", "@b", "a@", "a b@c.d", "a@@b.c", "a@.c", "a\0@b.c"] {
            assert!(!verdict(email, "12345678", "Ann"), "{email:?}");
        }
        assert!(!verdict("a@b.c", "1234567", "Ann"));
        assert!(!verdict("a@b.c", "12345678", " \t"));
        assert!(!verdict("a@b.c", "12345678", "A\0nn"));
        assert!(!verdict("a@b.c", &"x".repeat(1001), "Ann"));
    }
}
