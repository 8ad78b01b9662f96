//! Finds a connection by its session id.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::RwLock;

use super::mailbox::Conn;

/// All live sessions.
#[derive(Default)]
pub(crate) struct Sessions(RwLock<HashMap<Arc<str>, Arc<Conn>>>);

impl Sessions {
    pub(crate) fn insert(&self, conn: Arc<Conn>) {
        self.0.write().insert(Arc::clone(&conn.sid), conn);
    }

    pub(crate) fn remove(&self, sid: &str) {
        self.0.write().remove(sid);
    }

    pub(crate) fn get(&self, sid: &str) -> Option<Arc<Conn>> {
        self.0.read().get(sid).cloned()
    }

    pub(crate) fn all(&self) -> Vec<Arc<Conn>> {
        self.0.read().values().cloned().collect()
    }
}
