//! Presence in memory: one node's, lost with it.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use parking_lot::Mutex;
use zvon_core::clock::Clock;
use zvon_core::presence::{Presence, PresenceError, Transition};
use zvon_protocol::ids::UserId;

use super::ledger::Ledger;

/// Presence in memory.
pub struct MemoryPresence {
    ledger: Mutex<Ledger>,
    clock: Arc<dyn Clock>,
    grace: i64,
}

impl MemoryPresence {
    /// Nobody is online. Who goes is announced after `grace`.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>, grace: Duration) -> Self {
        let grace = i64::try_from(grace.as_millis()).unwrap_or(i64::MAX);
        Self { ledger: Mutex::default(), clock, grace }
    }
}

#[async_trait]
impl Presence for MemoryPresence {
    async fn up(
        &self,
        user: UserId,
        connection: &str,
    ) -> Result<Option<Transition>, PresenceError> {
        Ok(self.ledger.lock().up(user, connection, self.clock.now()))
    }

    async fn down(&self, user: UserId, connection: &str) -> Result<(), PresenceError> {
        let due = self.clock.now().plus_millis(self.grace);
        self.ledger.lock().down(user, connection, due);
        Ok(())
    }

    async fn sweep(&self) -> Result<Vec<Transition>, PresenceError> {
        Ok(self.ledger.lock().sweep(self.clock.now()))
    }

    async fn states(&self, users: &[UserId]) -> Result<Vec<Option<Transition>>, PresenceError> {
        let ledger = self.ledger.lock();
        Ok(users.iter().map(|user| ledger.state(*user)).collect())
    }

    async fn online(&self, limit: usize) -> Result<Vec<UserId>, PresenceError> {
        Ok(self.ledger.lock().online().take(limit).collect())
    }
}
