//! People and chats, for what is PostgreSQL's own.

use std::sync::Arc;

use uuid::Uuid;
use zvon_core::account::Account;
use zvon_core::account::store::{AccountStore, NewAccount};
use zvon_core::chat::store::{Author, ChatStore, NewGroup};
use zvon_core::message::EventKind;
use zvon_core::message::store::{Append, Appended, MessageStore};
use zvon_core::session::Session;
use zvon_core::session::store::SessionStore;
use zvon_protocol::ids::{ChatId, MessageId, SessionId, UserId};
use zvon_protocol::time::Timestamp;
use zvon_store::postgres::Postgres;

pub(crate) const NOW: Timestamp = Timestamp(1_700_000_000_000);

/// Somebody with a live session.
pub(crate) async fn person(store: &Postgres) -> Author {
    let user = UserId(Uuid::now_v7());
    let (email, name) = (format!("{user}@example.org"), "name".to_owned());
    let account =
        Account { id: user, email, name, created_at: NOW, last_seen: None, disabled_at: None };
    let new = NewAccount { account, password_hash: "hash".to_owned() };
    assert!(store.create_account(&new).await.unwrap());
    let session = Session {
        id: SessionId(Uuid::new_v4()),
        user,
        created_at: NOW,
        seen_at: NOW,
        expires_at: NOW.plus_millis(1_000_000),
        revoked_at: None,
        device: String::new(),
        address: String::new(),
        refresh: None,
    };
    store.create_session(&session, 10).await.unwrap();
    Author { session: session.id, user, at: NOW }
}

/// A group of which the author is the admin.
pub(crate) async fn group(store: &Postgres, admin: Author, others: &[Author]) -> ChatId {
    let members = others.iter().map(|other| other.user).collect();
    let group = NewGroup { id: ChatId(Uuid::now_v7()), title: "A group".to_owned(), members };
    store.create_group(admin, &group).await.unwrap().unwrap().0.id
}

/// A text with a fresh identity.
pub(crate) fn text(author: Author, chat: ChatId) -> Append {
    Append {
        chat,
        session: author.session,
        sender: author.user,
        id: MessageId(Uuid::now_v7()),
        client_id: None,
        content: "as long as people's messages are, or a little longer".to_owned(),
        forward: None,
        present: Vec::new(),
        known: None,
    }
}

/// Sends so many texts in one batch.
pub(crate) async fn send(store: &Arc<Postgres>, author: Author, chat: ChatId, count: usize) {
    let rows: Vec<_> = (0..count).map(|_| text(author, chat)).collect();
    let batch = store.append(NOW, &rows).await.unwrap();
    let stored = |verdict: &Appended| matches!(verdict, Appended::Stored { .. });
    assert!(batch.verdicts.iter().all(stored), "{:?}", batch.verdicts);
}

/// The messages of a log, which is dense from 1 and agrees with its chat's row.
pub(crate) async fn checked_log(store: &Postgres, chat: ChatId) -> Vec<MessageId> {
    let log = store.events(chat, 0, 1_000_000).await.unwrap();
    let mut messages = Vec::new();
    for (index, event) in log.iter().enumerate() {
        if let EventKind::Message(message) = &event.kind {
            messages.push(message.id);
        }
        assert_eq!((event.seq, event.msg_no), (index as u64 + 1, messages.len() as u64));
    }
    let row = store.chat(chat).await.unwrap().unwrap();
    assert_eq!((row.last_seq, row.msg_no), (log.len() as u64, messages.len() as u64));
    messages
}
