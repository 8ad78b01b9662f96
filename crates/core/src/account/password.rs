//! Password hashes: argon2id (19 MiB, 2 passes, 1 lane), on a bounded pool.
//!
//! Hashing is slow on purpose. It runs on threads of its own, of the lowest priority: a flood of
//! sign-ins does not take the processor from sends. The queue is bounded; when it is full a sign-in
//! is refused at once and may be tried again.

use std::sync::Arc;

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use parking_lot::Mutex;
use thread_priority::{
    NormalThreadSchedulePolicy, ThreadPriority, ThreadSchedulePolicy,
    set_thread_priority_and_policy, thread_native_id,
};
use tokio::sync::{mpsc, oneshot};
use zvon_protocol::error::Code;

use crate::error::{Error, Result};
use crate::store::StoreError;

/// A hash of no password, verified for unknown accounts so that they answer as slowly.
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHQxMjM0NTY3OA$\
                      Qe8Jb0k0lP9Gb7uJm3vY1b2eQm0m8o3Zl6c2r5VbYw0";
/// Most passwords waiting: about two seconds' work.
const QUEUE: usize = 64;

type Job = Box<dyn FnOnce() + Send>;

/// Hashes and verifies passwords. Its threads end with it.
pub struct Hasher(mpsc::Sender<Job>);

impl Hasher {
    /// On so many threads, at least one.
    #[must_use]
    pub fn new(threads: usize) -> Self {
        let (sender, jobs) = mpsc::channel::<Job>(QUEUE);
        let jobs = Arc::new(Mutex::new(jobs));
        for _ in 0..threads.max(1) {
            let jobs = Arc::clone(&jobs);
            let work = move || {
                stand_back();
                loop {
                    let next = jobs.lock().blocking_recv();
                    let Some(job) = next else { return };
                    job();
                }
            };
            if let Err(error) = std::thread::Builder::new().name("password".into()).spawn(work) {
                tracing::error!(%error, "a thread for passwords could not be started");
            }
        }
        Self(sender)
    }

    /// A fresh PHC string.
    ///
    /// # Errors
    /// `Unavailable` when too many are waiting; or when the system has no randomness.
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
    /// `Unavailable` when too many are waiting.
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
        let (reply, answer) = oneshot::channel();
        let job = move || {
            // Whoever asked may have gone away; their password is not worth the work any more.
            if !reply.is_closed() {
                let _ = reply.send(work());
            }
        };
        let busy = |_| Error::Refused(Code::Unavailable, "The server is busy, please try again");
        self.0.try_send(Box::new(job)).map_err(busy)?;
        answer.await.map_err(|error| broken(&error))
    }
}

/// Whether a hash should be made anew when its password is known.
#[must_use]
pub fn is_outdated(hash: &str) -> bool {
    !hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$")
}

/// Puts this thread behind everybody else's: `SCHED_IDLE`, not the lowest niceness. To Linux a
/// processor that runs only such a thread is as good as idle: what wakes goes there and has it at
/// once. (If one is left without them: `ZVON_AUTH__HASH_THREADS`.) Where it is
/// forbidden that is no reason not to work.
fn stand_back() {
    let policy = ThreadSchedulePolicy::Normal(NormalThreadSchedulePolicy::Idle);
    let _ = set_thread_priority_and_policy(thread_native_id(), ThreadPriority::Min, policy);
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
    use super::{Hasher, NOBODY, PasswordHash, QUEUE, is_outdated, matches};

    #[tokio::test]
    async fn argon2_and_bcrypt_are_both_understood() {
        let hasher = Hasher::new(1);
        let hash = hasher.hash("correct horse".into()).await.unwrap();
        assert!(!is_outdated(&hash));
        assert!(hasher.verify("correct horse".into(), Some(hash.clone())).await.unwrap());
        assert!(!hasher.verify("wrong horse".into(), Some(hash)).await.unwrap());
        let old = bcrypt::hash("old secret", 4).unwrap();
        assert!(is_outdated(&old));
        assert!(hasher.verify("old secret".into(), Some(old)).await.unwrap());
        assert!(!hasher.verify("anything".into(), None).await.unwrap());
    }

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn hashing_gives_way_to_everything_else() {
        let class = || std::fs::read_to_string("/proc/thread-self/stat").unwrap();
        let stat = Hasher::new(1).run(class).await.unwrap();
        let fields = stat.rsplit_once(") ").unwrap().1;
        // proc_pid_stat(5): field 41, the policy (5: SCHED_IDLE); after the name begins the third.
        assert_eq!(fields.split(' ').nth(41 - 3), Some("5"), "{stat}");
    }

    #[tokio::test]
    async fn a_flood_is_refused_at_once_and_what_was_taken_is_done() {
        let hasher = Hasher::new(1);
        let flood = (0..QUEUE + 8).map(|n| hasher.verify(n.to_string(), None));
        let answers = futures_util::future::join_all(flood).await;
        let busy = answers.iter().filter(|answer| answer.is_err()).count();
        assert!((1..=8).contains(&busy), "{busy} refused");
        assert!(hasher.hash("the next one".into()).await.is_ok());
    }

    #[test]
    fn the_decoy_is_a_real_hash_so_that_unknown_accounts_take_as_long() {
        assert!(PasswordHash::new(NOBODY).is_ok());
        assert!(!is_outdated(NOBODY));
        assert!(!matches("x", NOBODY));
    }
}
