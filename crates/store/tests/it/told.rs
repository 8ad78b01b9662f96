//! A change and what the outbox tells of it are one: when the row cannot be written, nothing has
//! changed. On both databases.

use std::sync::Arc;

use sqlx::Executor;
use uuid::Uuid;
use zvon_core::account::Account;
use zvon_core::account::store::NewAccount;
use zvon_core::chat::store::Author;
use zvon_core::delivery::store::Move;
use zvon_core::message::store::Append;
use zvon_core::outbox::event::{AccountEvent, AccountKind};
use zvon_core::outbox::store::Bookmark;
use zvon_core::session::store::{End, Use};
use zvon_core::session::{Reason, Refresh, Session};
use zvon_core::store::Store;
use zvon_protocol::ids::{ChatId, MessageId, SessionId, UserId};

use crate::Place;
use crate::postgres::Place as Database;
use crate::scene::NOW;

#[tokio::test]
async fn sqlite_changes_nothing_that_it_does_not_tell() {
    let place = Place::new();
    let (store, raw) = (place.open().await, place.raw().await);
    all_or_nothing(store, async |refuse| {
        let sql = if refuse {
            "CREATE TRIGGER refuse BEFORE INSERT ON outbox BEGIN SELECT RAISE(ABORT, 'no'); END"
        } else {
            "DROP TRIGGER refuse"
        };
        raw.execute(sql).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn postgres_changes_nothing_that_it_does_not_tell() {
    let place = Database::new().await;
    let store = place.open().await;
    all_or_nothing(store, async |refuse| {
        let sql = if refuse {
            "ALTER TABLE outbox ADD CONSTRAINT refuse CHECK (extra IS NULL) NOT VALID"
        } else {
            "ALTER TABLE outbox DROP CONSTRAINT refuse"
        };
        place.sql(sql);
    })
    .await;
}

/// A person with a session that has refresh tokens.
pub(crate) async fn person(store: &dyn Store) -> Author {
    let new = account();
    assert!(store.create_account(&new).await.unwrap());
    let session = session(new.account.id);
    store.create_session(&session, 9).await.unwrap();
    Author { session: session.id, user: new.account.id, at: NOW }
}

fn account() -> NewAccount {
    let id = UserId(Uuid::now_v7());
    let (email, name) = (format!("{id}@example.org"), "name".to_owned());
    let account = Account { id, email, name, created_at: NOW, last_seen: None, disabled_at: None };
    NewAccount { account, password_hash: "hash".to_owned() }
}

fn session(user: UserId) -> Session {
    Session {
        id: SessionId(Uuid::new_v4()),
        user,
        created_at: NOW,
        seen_at: NOW,
        expires_at: NOW.plus_millis(1_000_000),
        revoked_at: None,
        device: String::new(),
        address: String::new(),
        refresh: Some(Refresh { nonce: Uuid::new_v4(), number: 3 }),
    }
}

async fn all_or_nothing(store: Arc<dyn Store>, refuse: impl AsyncFn(bool)) {
    let (ann, bob) = (person(&*store).await, person(&*store).await);
    let fresh = ChatId(Uuid::now_v7());
    let chat = store.open_private(ann, bob.user, fresh).await.unwrap().unwrap().0.id;
    store.append(NOW, &[text(ann, chat)]).await.unwrap();
    let state = async || {
        let cursors = store.member(chat, bob.user).await.unwrap().unwrap();
        let (account, hash) =
            store.account_by_email(&format!("{}@example.org", bob.user)).await.unwrap().unwrap();
        let sessions = store.sessions_of(bob.user, NOW).await.unwrap();
        let rows = store.outbox(&Bookmark::default(), 100).await.unwrap().0.len();
        (cursors.read_seq, cursors.delivered_seq, account, hash, sessions, rows)
    };
    let before = state().await;
    refuse(true).await;

    let end = End { at: NOW, reason: Reason::Revoked };
    let new = account();
    assert!(store.create_account(&new).await.is_err());
    assert!(store.accounts(&[new.account.id]).await.unwrap().is_empty());
    assert!(store.create_session(&session(bob.user), 1).await.is_err(), "nor is one replaced");
    assert!(store.revoke_session(bob.session, end).await.is_err());
    assert!(store.revoke_sessions(bob.user, None, end).await.is_err());
    let used = Use { session: bob.session, seen_at: NOW, expires_at: NOW };
    assert!(store.rotate_session(used, 2).await.is_err());
    assert!(store.change_password(bob.user, "new", None, end).await.is_err());
    assert!(store.set_disabled(bob.user, NOW, true).await.is_err());
    let session = Some(bob.session);
    let wish = Move { chat, user: bob.user, session, delivered: 2, read: 2 };
    assert!(store.move_cursors(NOW, &[wish]).await.is_err());
    let event = AccountEvent { user: bob.user, kind: AccountKind::Created };
    assert!(store.record(NOW, &[event]).await.is_err());
    assert_eq!(state().await, before);

    refuse(false).await;
    assert_eq!(store.move_cursors(NOW, &[wish]).await.unwrap().len(), 1);
    assert_eq!(store.set_disabled(bob.user, NOW, true).await.unwrap(), [bob.session]);
    assert_eq!(state().await.5, before.5 + 2);
}

/// A text with a fresh identity.
pub(crate) fn text(author: Author, chat: ChatId) -> Append {
    Append {
        chat,
        session: author.session,
        sender: author.user,
        id: MessageId(Uuid::now_v7()),
        client_id: None,
        content: "x".to_owned(),
        forward: None,
        present: Vec::new(),
        known: None,
    }
}
