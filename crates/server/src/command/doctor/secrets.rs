//! The secrets: long enough, not known to everybody, and closed to others.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::Check;
use crate::config::Config;
use crate::secret::{CLUSTER_KEY, JWT_KEY, KNOWN};

/// Shorter ones can be guessed.
const LEAST: usize = 32;

/// The secrets of a server that makes for itself what is not configured.
pub(crate) fn made(config: &Config, file: Option<&Path>) -> Vec<Check> {
    let data = &config.server.data;
    let mut checks = vec![match config.jwt_secrets() {
        Ok(secrets) if secrets.is_empty() => key("token secret", &data.join(JWT_KEY)),
        Ok(secrets) => configured(&secrets),
        Err(error) => {
            Check::fail("token secret", error.to_string(), "give the file one line, or two")
        }
    }];
    checks.push(key("cluster key", &data.join(CLUSTER_KEY)));
    checks.extend(files(config, file));
    checks
}

/// The secrets that a cluster's nodes share, all of which are configured.
pub(crate) fn shared(config: &Config, file: Option<&Path>) -> Vec<Check> {
    const KEY: &str = "cluster key";
    let tokens = config.jwt_secrets().unwrap_or_default();
    let keys = config.cluster_keys().unwrap_or_default();
    let is_token = |key: &Vec<u8>| tokens.iter().any(|token| token.as_bytes() == key.as_slice());
    let mut checks = vec![configured(&tokens)];
    checks.push(if keys.iter().any(is_token) {
        let advice = "make another with: openssl rand -hex 32";
        Check::fail(KEY, "it is a token secret, too: who learns one has both", advice)
    } else {
        let more = if keys.len() > 1 { ", and another one" } else { "" };
        Check::ok(KEY, format!("configured{more}; it has to be the same on all nodes"))
    });
    checks.extend(files(config, file));
    checks
}

/// Files with secrets that others may read.
fn files(config: &Config, file: Option<&Path>) -> Vec<Check> {
    let mut checks: Vec<_> = readable(&config.auth.jwt_secret_file).into_iter().collect();
    checks.extend(readable(&config.cluster.key_file));
    let inline = [
        (&config.auth.jwt_secret, "auth.jwt_secret"),
        (&config.cluster.key, "cluster.key"),
        (&config.store.url, "store.url"),
    ];
    let from_environment = Config::keys_of_environment();
    let in_file = |(value, key): &(&String, &str)| {
        !value.is_empty() && !from_environment.iter().any(|k| k == key)
    };
    if inline.iter().any(in_file) {
        checks.extend(file.and_then(readable));
    }
    checks
}

fn configured(secrets: &[String]) -> Check {
    const NAME: &str = "token secret";
    let advice = "make another with: openssl rand -hex 32";
    if secrets.iter().any(|secret| secret == KNOWN) {
        return Check::fail(NAME, "it is the one that everybody knows", advice);
    }
    if let Some(short) = secrets.iter().map(String::len).find(|length| *length < LEAST) {
        let found = format!("it has {short} bytes and should have {LEAST}");
        return Check::warn(NAME, found, advice);
    }
    let more = if secrets.len() > 1 { ", and one before it" } else { "" };
    Check::ok(NAME, format!("configured{more}"))
}

/// A key that the server makes for itself.
fn key(name: &'static str, path: &Path) -> Check {
    match fs::read(path) {
        Ok(key) if key.len() >= LEAST => Check::ok(name, format!("{}", path.display())),
        Ok(key) => {
            let found = format!("{} is damaged: {} bytes", path.display(), key.len());
            Check::fail(name, found, "restore it from a backup")
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            Check::ok(name, "none yet; the server makes it")
        }
        Err(error) => {
            let found = format!("{}: {error}", path.display());
            Check::fail(name, found, "run this as the server's user")
        }
    }
}

/// A file with a secret that others may read.
fn readable(path: &Path) -> Option<Check> {
    let mode = fs::metadata(path).ok()?.permissions().mode() & 0o777;
    (mode & 0o077 != 0).then(|| {
        let found = format!("{} holds a secret and has mode {mode:04o}", path.display());
        Check::warn("secret file", found, format!("chmod 600 {}", path.display()))
    })
}

#[cfg(test)]
mod tests {
    use super::super::Status;
    use super::{KNOWN, configured};

    #[test]
    fn every_configured_secret_counts() {
        let long = "a".repeat(32);
        let of = |secrets: &[&str]| {
            configured(&secrets.iter().map(|&s| s.to_owned()).collect::<Vec<_>>()).status
        };
        assert_eq!(of(&[&long]), Status::Ok);
        assert_eq!(of(&[&long, "short"]), Status::Warn);
        assert_eq!(of(&[&long, KNOWN]), Status::Fail);
    }
}
