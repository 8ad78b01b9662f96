//! PostgreSQL's own programs, as found on the PATH, and the database's address as they take it.
//!
//! The password goes by the environment, where nobody else on the machine sees it.

use std::borrow::Cow;
use std::io::ErrorKind;
use std::process::{Command, Output};

use percent_encoding::percent_decode_str;
use zvon_core::store::{StoreError, StoreResult};

/// A program and its arguments, for that database.
pub(super) fn program(name: &str, url: &str) -> Command {
    let (url, password) = split(url);
    let mut command = Command::new(name);
    command.arg("--no-password").arg(format!("--dbname={url}")).env("PGAPPNAME", "zvon-operator");
    if let Some(password) = password {
        command.env("PGPASSWORD", password);
    }
    command
}

/// What a program said, if it did what it was to do.
pub(super) fn done(name: &str, ended: std::io::Result<Output>) -> StoreResult<Output> {
    let output = ended.map_err(|error| absent(name, &error))?;
    if output.status.success() {
        return Ok(output);
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let said: Vec<_> = said.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let said = if said.is_empty() { output.status.to_string() } else { said.join("; ") };
    Err(StoreError::Unavailable(format!("{name}: {said}")))
}

/// Why a program does not run.
pub(super) fn absent(name: &str, error: &std::io::Error) -> StoreError {
    if error.kind() == ErrorKind::NotFound {
        return StoreError::Unavailable(format!(
            "there is no {name} on the PATH: install PostgreSQL's client programs, of the server's \
             version or newer (postgresql-client)"
        ));
    }
    StoreError::Unavailable(format!("{name}: {error}"))
}

/// The address without what only the driver knows, and the password that stood in it.
fn split(url: &str) -> (String, Option<String>) {
    let (scheme, rest) = url.split_once("://").unwrap_or(("postgres", url));
    let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (authority, path) = place.split_at(place.find('/').unwrap_or(place.len()));
    let (user, host) = authority.rsplit_once('@').unwrap_or(("", authority));
    let (user, mut password) = match user.split_once(':') {
        Some((user, password)) => (user, Some(password)),
        None => (user, None),
    };
    let mut kept = Vec::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        match pair.split_once('=') {
            Some(("password", value)) => password = Some(value),
            Some(("statement-cache-capacity", _)) => {}
            Some(("ssl-mode", value)) => kept.push(Cow::from(format!("sslmode={value}"))),
            Some((key, value)) if key.starts_with("ssl-") => {
                kept.push(Cow::from(format!("{}={value}", key.replace('-', ""))));
            }
            _ => kept.push(Cow::from(pair)),
        }
    }
    let at = if user.is_empty() { "" } else { "@" };
    let mark = if kept.is_empty() { "" } else { "?" };
    let url = format!("{scheme}://{user}{at}{host}{path}{mark}{}", kept.join("&"));
    (url, password.map(|text| percent_decode_str(text).decode_utf8_lossy().into_owned()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::split;

    #[test]
    fn the_password_is_taken_out_and_nothing_else_that_they_know() {
        let of = |url: &str| {
            let (url, password) = split(url);
            (url, password.unwrap_or_default())
        };
        let same = |url: &str| assert_eq!(of(url), (url.to_owned(), String::new()));
        same("postgres://host/name");
        same("postgres://me@host:5432/name?sslmode=verify-full&sslrootcert=/a/b.pem");
        same("postgresql:///name?host=/run/postgresql");
        let (url, password) = of("postgres://me:a%40b%2Fc@h:1/d?password=x&ssl-mode=require");
        assert_eq!((url.as_str(), password.as_str()), ("postgres://me@h:1/d?sslmode=require", "x"));
        let (url, password) = of("postgres://me:a%40b%2Fc@h/d?statement-cache-capacity=0");
        assert_eq!((url.as_str(), password.as_str()), ("postgres://me@h/d", "a@b/c"));
    }

    proptest! {
        #[test]
        fn no_password_is_ever_left_in_the_address(
            user in "[a-z]{1,8}", password in "[A-Z0-9]{6,12}", host in "[a-z]{1,8}",
            by_query in proptest::bool::ANY,
        ) {
            let url = if by_query {
                format!("postgres://{user}@{host}/d?password={password}&sslmode=require")
            } else {
                format!("postgres://{user}:{password}@{host}/d?sslmode=require")
            };
            let (left, found) = split(&url);
            prop_assert_eq!(left, format!("postgres://{user}@{host}/d?sslmode=require"));
            prop_assert_eq!(found, Some(password));
        }
    }
}
