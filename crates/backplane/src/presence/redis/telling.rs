//! Beginnings and ends of connections on their way to Redis.

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
            local.end_again(self.connection.clone());
        }
    }
}

/// An end that is being told of; if that does not come to an end, it stays unheard.
pub(super) struct Ending<'a> {
    pub(super) inner: &'a Inner,
    pub(super) connection: Connection,
    pub(super) heard: bool,
}

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        let connection = self.connection.clone();
        self.inner.local.lock().ended(connection, self.heard);
    }
}
