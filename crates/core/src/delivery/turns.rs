//! One at a time per chat, for what reads cursors and then tells a status.
//!
//! Whoever reads first and tells last would tell an old status after a newer one, and a client
//! that believes what it hears last would show it for ever. So reading and telling are one turn.
//! The lock is held across the reading; nothing else is asked for meanwhile.

use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};

use tokio::sync::{Mutex, MutexGuard};
use zvon_protocol::ids::ChatId;

/// More chats than turns: some chats wait for each other now and then.
const TURNS: usize = 64;

/// The turns of a node.
pub(crate) struct Turns([Mutex<()>; TURNS]);

impl Default for Turns {
    fn default() -> Self {
        Self(std::array::from_fn(|_| Mutex::default()))
    }
}

impl Turns {
    /// Waits for the chat's turn; it lasts as long as what is returned.
    pub(crate) async fn of(&self, chat: ChatId) -> MutexGuard<'_, ()> {
        let hash = BuildHasherDefault::<DefaultHasher>::default().hash_one(chat);
        let turn = usize::try_from(hash % TURNS as u64).unwrap_or(0);
        self.0[turn].lock().await
    }
}
