//! Two people and a chat, for what is the file's own.

use std::ops::Range;

use uuid::Uuid;
use zvon_core::account::Account;
use zvon_core::account::store::{AccountStore, NewAccount};
use zvon_core::chat::store::{Author, ChatStore};
use zvon_core::message::store::{Append, Appended, MessageStore};
use zvon_core::session::Session;
use zvon_core::session::store::SessionStore;
use zvon_protocol::ids::{ChatId, MessageId, SessionId, UserId};
use zvon_protocol::time::Timestamp;
use zvon_store::sqlite::Sqlite;

pub(crate) const NOW: Timestamp = Timestamp(1_700_000_000_000);

/// Two people and their chat.
pub(crate) struct Scene {
    pub(crate) author: Author,
    pub(crate) other: UserId,
    pub(crate) chat: ChatId,
}

impl Scene {
    pub(crate) async fn new(store: &Sqlite) -> Self {
        Self::new_with(store, "example.org").await
    }

    /// People at an address of their own.
    pub(crate) async fn new_with(store: &Sqlite, host: &str) -> Self {
        let (ann, bob) = (person(store, "ann", host).await, person(store, "bob", host).await);
        let session = Session {
            id: SessionId(Uuid::new_v4()),
            user: ann,
            created_at: NOW,
            seen_at: NOW,
            expires_at: NOW.plus_millis(1),
            revoked_at: None,
            device: String::new(),
            address: String::new(),
            refresh: None,
        };
        store.create_session(&session, 10).await.unwrap();
        let author = Author { session: session.id, user: ann, at: NOW };
        let opened = store.open_private(author, bob, ChatId(Uuid::now_v7())).await.unwrap();
        Self { author, other: bob, chat: opened.unwrap().0.id }
    }

    /// A text of the first one's.
    pub(crate) fn text(&self, number: usize) -> Append {
        Append {
            chat: self.chat,
            session: self.author.session,
            sender: self.author.user,
            id: MessageId(Uuid::now_v7()),
            client_id: Some(number.to_string()),
            content: format!(
                "message {number}, as long as people's messages are, or a little longer"
            ),
            forward: None,
            present: Vec::new(),
            known: None,
        }
    }

    /// Sends texts in one batch; their ids.
    pub(crate) async fn send(&self, store: &Sqlite, numbers: Range<usize>) -> Vec<MessageId> {
        let rows: Vec<Append> = numbers.map(|number| self.text(number)).collect();
        let batch = store.append(NOW, &rows).await.unwrap();
        let stored = |verdict: &Appended| matches!(verdict, Appended::Stored { .. });
        assert!(batch.verdicts.iter().all(stored));
        rows.iter().map(|row| row.id).collect()
    }
}

async fn person(store: &Sqlite, name: &str, host: &str) -> UserId {
    let id = UserId(Uuid::now_v7());
    let (email, name) = (format!("{name}@{host}"), name.to_owned());
    let account = Account { id, email, name, created_at: NOW, last_seen: None, disabled_at: None };
    let new = NewAccount { account, password_hash: "hash".to_owned() };
    assert!(store.create_account(&new).await.unwrap());
    id
}
