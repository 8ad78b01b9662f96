//! Presence in Redis: leases on two levels.
//!
//! A node has an *incarnation* with a lease of seven seconds, renewed every second; each of its
//! connections is a field in the user's key, under that incarnation's name. So a node costs one
//! command a second, whatever it holds. A user's last connection that ends puts the user into a
//! *grace*; whoever sweeps it out first has the transition. When a lease runs out, any node reaps
//! the connections that stood under it, and their users get their grace.
//!
//! Redis may lose anything. This node knows its own connections ([`local::Local`]) and tells them
//! again: all of them under a new incarnation when its lease was over (it slept, or Redis lost
//! it), those of a bucket that holds fewer than it should, and those that could not be told at
//! the time; ends too ([`tend`]). What watchers were told already is told again to Redis alone;
//! transitions that come late are in the next [`Presence::sweep`].
//!
//! Reading corrects itself: a connection whose lease has been over for a whole grace does not
//! count, whether somebody reaped it or not. While Redis is away, states are what was last heard.

mod ask;
mod census;
mod keys;
mod lease;
mod local;
mod scripts;
mod telling;
mod tend;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use parking_lot::Mutex;
use tokio::task::JoinHandle;
use zvon_core::presence::{Presence, PresenceError, Transition};
use zvon_protocol::ids::UserId;
use zvon_protocol::time::Timestamp;

use self::lease::Leases;
use self::local::{Connection, Local, Told};
use self::scripts::Scripts;
use self::telling::{Ending, Telling};
use crate::redis::{Link, LinkError};

/// What calls and the tending task share.
struct Inner {
    link: Arc<Link>,
    scripts: Scripts,
    grace: Duration,
    incarnation: Mutex<Arc<str>>,
    local: Mutex<Local>,
    /// Transitions that nobody has been told of.
    late: Mutex<Vec<Transition>>,
    leases: Mutex<Option<Arc<Leases>>>,
    draining: AtomicBool,
    /// What sweeps brought, until Redis knows that it arrived: bucket and `<user> <version>`.
    arrived: Mutex<Vec<(usize, String)>>,
}

/// Presence in Redis. Lives until it is dropped; made within a runtime.
pub struct RedisPresence {
    inner: Arc<Inner>,
    tending: JoinHandle<()>,
}

impl Drop for RedisPresence {
    fn drop(&mut self) {
        self.tending.abort();
    }
}

impl RedisPresence {
    /// Presence over that link. Who goes is announced after `grace`.
    #[must_use]
    pub fn new(link: Arc<Link>, grace: Duration) -> Self {
        let inner = Arc::new(Inner {
            link,
            scripts: Scripts::default(),
            grace,
            incarnation: Mutex::new(new_incarnation()),
            local: Mutex::default(),
            late: Mutex::default(),
            leases: Mutex::default(),
            draining: AtomicBool::new(false),
            arrived: Mutex::default(),
        });
        let tending = tokio::spawn(tend::tend(Arc::clone(&inner)));
        Self { inner, tending }
    }

    /// This node is going away: whoever leaves it from now on has half a minute to come back
    /// elsewhere before anybody hears of it.
    pub fn draining(&self) {
        self.inner.draining.store(true, Ordering::Relaxed);
    }

    /// Gives the lease back: what is still connected here is reaped by others at once. To be
    /// called last.
    pub async fn close(&self) {
        self.tending.abort();
        self.inner.end_lease().await;
    }
}

fn new_incarnation() -> Arc<str> {
    let id = uuid::Uuid::new_v4().simple().to_string();
    Arc::from(&id[..16])
}

impl Inner {
    fn incarnation(&self) -> Arc<str> {
        Arc::clone(&self.incarnation.lock())
    }

    /// Notes a transition of this version, if it is one.
    fn transition(&self, user: UserId, online: bool, version: u64) -> Option<Transition> {
        let at = Timestamp(i64::try_from(version).unwrap_or(i64::MAX));
        let transition = Transition { user, online, version, at };
        (version > 0).then(|| {
            self.local.lock().hear(transition);
            transition
        })
    }
}

#[async_trait]
impl Presence for RedisPresence {
    async fn up(
        &self,
        user: UserId,
        connection: &str,
    ) -> Result<Option<Transition>, PresenceError> {
        let (inner, connection): (_, Connection) = (&*self.inner, (user, connection.into()));
        inner.local.lock().begin(connection.clone());
        let mut telling = Telling { inner, connection, outcome: Told::Untold };
        let heard = inner.link.eval::<u64>(&inner.up_call(&telling.connection, "new")).await;
        Ok(match heard {
            Ok(version) => {
                telling.outcome = Told::Yes;
                drop(telling);
                inner.transition(user, true, version)
            }
            Err(error) => {
                later(&error);
                None
            }
        })
    }

    async fn down(&self, user: UserId, connection: &str) -> Result<(), PresenceError> {
        let (inner, connection): (_, Connection) = (&*self.inner, (user, connection.into()));
        if !inner.local.lock().end(&connection) {
            return Ok(());
        }
        let call = inner.down_call(&connection);
        let mut ending = Ending { inner, connection, heard: false };
        match inner.link.eval::<()>(&call).await {
            Ok(()) => ending.heard = true,
            Err(error) => later(&error),
        }
        Ok(())
    }

    async fn sweep(&self) -> Result<Vec<Transition>, PresenceError> {
        let mut told = std::mem::take(&mut *self.inner.late.lock());
        told.extend(self.inner.claim().await);
        Ok(told)
    }

    async fn states(&self, users: &[UserId]) -> Result<Vec<Option<Transition>>, PresenceError> {
        Ok(self.inner.states(users).await)
    }

    async fn online(&self, limit: usize) -> Result<Vec<UserId>, PresenceError> {
        Ok(self.inner.online(limit).await)
    }
}

/// It is remembered here, and told when Redis is back.
fn later(error: &LinkError) {
    tracing::debug!(%error, "presence is told later");
}
