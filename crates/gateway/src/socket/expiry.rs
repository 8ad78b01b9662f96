//! The ends of tokens: a socket whose token is over has its transport closed, so that its client
//! comes back by itself and hears at the door that it has to sign in anew.
//!
//! Looked at four times a second by the wall clock that tokens go by.

use std::collections::BTreeMap;
use std::sync::{Arc, Weak};

use parking_lot::Mutex;
use zvon_protocol::time::Timestamp;
use zvon_socketio::Socket;

use super::client::Client;

type Due = (Timestamp, String);

/// When the token of each live socket ends.
#[derive(Default)]
pub(super) struct Expiries(Mutex<BTreeMap<Due, Weak<Socket>>>);

impl Expiries {
    /// A socket begins.
    pub(super) fn watch(&self, socket: &Arc<Socket>, client: &Client) {
        self.0.lock().insert(due(client), Arc::downgrade(socket));
    }

    /// A socket ended.
    pub(super) fn forget(&self, client: &Client) {
        self.0.lock().remove(&due(client));
    }

    /// Closes the sockets whose tokens are over at `now`.
    pub(super) fn close_due(&self, now: Timestamp) {
        for socket in self.take_due(now).iter().filter_map(Weak::upgrade) {
            tracing::debug!(socket.id = %socket.id(), "its token is over");
            socket.close();
        }
    }

    fn take_due(&self, now: Timestamp) -> Vec<Weak<Socket>> {
        let mut all = self.0.lock();
        let later = all.split_off(&(now.plus_millis(1), String::new()));
        std::mem::replace(&mut *all, later).into_values().collect()
    }
}

fn due(client: &Client) -> Due {
    (client.expires_at, client.connection.clone())
}
