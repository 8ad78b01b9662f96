//! Password hashes: argon2id (19 MiB, 2 passes, 1 lane), on a bounded pool.
//!
//! Hashing is slow on purpose. One permit at a time keeps a flood of sign-ins from taking the
//! cores that sends need; the others wait in line.

use std::sync::Arc;

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use tokio::sync::Semaphore;

use crate::error::{Error, Result};
use crate::store::StoreError;

/// A hash of no password, verified for unknown accounts so that they answer as slowly.
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHQxMjM0NTY3OA$\
                      Qe8Jb0k0lP9Gb7uJm3vY1b2eQm0m8o3Zl6c2r5VbYw0";

/// Hashes and verifies passwords.
pub struct Hasher(Arc<Semaphore>);

impl Default for Hasher {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(1)))
    }
}

impl Hasher {
    /// A fresh PHC string.
    ///
    /// # Errors
    /// When the system has no randomness or is going down.
    pub async fn hash(&self, password: String) -> Result<String> {
        self.run(move || {
            let hash = Argon2::default().hash_password(password.as_bytes());
            hash.map(|hash| hash.to_string()).map_err(|error| broken(&error))
        })
        .await?
    }

    /// Whether the password is that of the hash (argon2 or bcrypt); without a hash it takes as
    /// long and is `false`.
    ///
    /// # Errors
    /// When the system is going down.
    pub async fn verify(&self, password: String, hash: Option<String>) -> Result<bool> {
        self.run(move || match hash {
            Some(hash) => matches(&password, &hash),
            None => {
                matches(&password, NOBODY);
                false
            }
        })
        .await
    }

    async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
        let permit = Arc::clone(&self.0).acquire_owned().await.map_err(|error| broken(&error))?;
        // The work holds the permit: it goes on when whoever asked for it goes away.
        let work = move || {
            let result = work();
            drop(permit);
            result
        };
        tokio::task::spawn_blocking(work).await.map_err(|error| broken(&error))
    }
}

/// Whether a hash should be made anew when its password is known.
#[must_use]
pub fn is_outdated(hash: &str) -> bool {
    !hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$")
}

fn matches(password: &str, hash: &str) -> bool {
    if hash.starts_with("$2") {
        // The old back end's library cuts at 72 bytes; so must we.
        let cut = password.as_bytes().get(..72).unwrap_or(password.as_bytes());
        return bcrypt::verify(cut, hash).unwrap_or(false);
    }
    PasswordHash::new(hash)
        .is_ok_and(|parsed| Argon2::default().verify_password(password.as_bytes(), &parsed).is_ok())
}

fn broken(error: &dyn std::fmt::Display) -> Error {
    Error::Store(StoreError::Broken(format!("password hashing: {error}")))
}

#[cfg(test)]
mod tests {
    use super::{Hasher, NOBODY, PasswordHash, is_outdated, matches};

    #[tokio::test]
    async fn argon2_and_bcrypt_are_both_understood() {
        let hasher = Hasher::default();
        let hash = hasher.hash("correct horse".into()).await.unwrap();
        assert!(!is_outdated(&hash));
        assert!(hasher.verify("correct horse".into(), Some(hash.clone())).await.unwrap());
        assert!(!hasher.verify("wrong horse".into(), Some(hash)).await.unwrap());
        let old = bcrypt::hash("old secret", 4).unwrap();
        assert!(is_outdated(&old));
        assert!(hasher.verify("old secret".into(), Some(old)).await.unwrap());
        assert!(!hasher.verify("anything".into(), None).await.unwrap());
    }

    #[tokio::test]
    async fn work_that_nobody_waits_for_any_more_still_holds_its_place() {
        let hasher = Hasher::default();
        let begun = hasher.hash("correct horse".into());
        let gave_up = tokio::time::timeout(std::time::Duration::from_micros(1), begun).await;
        assert!(gave_up.is_err(), "hashing takes longer than that");
        assert_eq!(hasher.0.available_permits(), 0);
        assert!(hasher.hash("the next one".into()).await.is_ok());
    }

    #[test]
    fn the_decoy_is_a_real_hash_so_that_unknown_accounts_take_as_long() {
        assert!(PasswordHash::new(NOBODY).is_ok());
        assert!(!is_outdated(NOBODY));
        assert!(!matches("x", NOBODY));
    }
}
