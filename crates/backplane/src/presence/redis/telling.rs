//! A connection on its way to Redis.

use super::Inner;
use super::local::{Connection, Told};

/// A connection that is being told of; if that does not come to an end, it stays untold.
pub(super) struct Telling<'a> {
    pub(super) inner: &'a Inner,
    pub(super) connection: Connection,
    pub(super) outcome: Told,
}

impl Drop for Telling<'_> {
    fn drop(&mut self) {
        let mut local = self.inner.local.lock();
        local.told(&self.connection, self.outcome);
        if !local.lives(&self.connection) {
            local.end_unheard(self.connection.clone());
        }
    }
}
