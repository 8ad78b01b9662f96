//! People, chats and texts for the cases.

use std::sync::Arc;

use uuid::Uuid;
use zvon_protocol::ids::{ChatId, MessageId, SessionId, UserId};
use zvon_protocol::time::Timestamp;

use super::Subject;
use crate::account::Account;
use crate::account::store::NewAccount;
use crate::chat::Member;
use crate::chat::store::{Author, GroupChange, NewGroup};
use crate::message::store::{Append, Appended, Batch, Page};
use crate::message::{LogEvent, MessageRow};
use crate::session::store::End;
use crate::session::{Reason, Session};
use crate::store::{Store, Verdict};

/// When everything happens that does not say otherwise.
pub(super) const NOW: Timestamp = Timestamp(1_700_000_000_000);

/// Somebody with a live session.
#[derive(Clone, Copy, Debug)]
pub(super) struct Person {
    pub(super) user: UserId,
    pub(super) session: SessionId,
}

impl Person {
    /// As the author of a change, now.
    pub(super) fn author(self) -> Author {
        Author { session: self.session, user: self.user, at: NOW }
    }

    /// A text of theirs, with a fresh identity.
    pub(super) fn says(self, chat: ChatId, content: &str) -> Append {
        Append {
            chat,
            session: self.session,
            sender: self.user,
            id: MessageId(Uuid::now_v7()),
            client_id: None,
            content: content.to_owned(),
            forward: None,
            present: Vec::new(),
            known: None,
        }
    }
}

/// A store with words for what cases do to it.
#[derive(Clone)]
pub(super) struct Scene {
    pub(super) store: Arc<dyn Store>,
    pub(super) refused: &'static str,
}

impl From<Subject> for Scene {
    fn from(subject: Subject) -> Self {
        Self { store: subject.store, refused: subject.refused }
    }
}

impl Scene {
    pub(super) async fn person(&self, name: &str) -> Person {
        let user = UserId(Uuid::now_v7());
        let email = format!("{name}-{user}@example.org");
        assert!(self.store.create_account(&account(user, &email, name)).await.unwrap());
        Person { user, session: self.session(user, NOW.plus_millis(1_000_000)).await }
    }

    pub(super) async fn people<const N: usize>(&self) -> [Person; N] {
        let mut people = Vec::new();
        for index in 0..N {
            people.push(self.person(&format!("p{index}")).await);
        }
        people.try_into().unwrap()
    }

    pub(super) async fn session(&self, user: UserId, expires_at: Timestamp) -> SessionId {
        let session = Session { expires_at, ..session(user) };
        assert_eq!(self.store.create_session(&session, 100).await.unwrap(), []);
        session.id
    }

    pub(super) async fn pair(&self, one: Person, other: Person) -> ChatId {
        let fresh = ChatId(Uuid::now_v7());
        let opened = self.store.open_private(one.author(), other.user, fresh).await;
        opened.unwrap().unwrap().0.id
    }

    pub(super) async fn group(&self, admin: Person, others: &[Person]) -> ChatId {
        let members = others.iter().map(|person| person.user).collect();
        let group = NewGroup { id: ChatId(Uuid::now_v7()), title: "A group".to_owned(), members };
        self.store.create_group(admin.author(), &group).await.unwrap().unwrap().0.id
    }

    pub(super) async fn change(
        &self,
        by: Person,
        chat: ChatId,
        change: GroupChange,
    ) -> Verdict<Vec<LogEvent>> {
        self.store.change_group(by.author(), chat, &change).await.unwrap()
    }

    pub(super) async fn append(&self, rows: &[Append]) -> Batch {
        let batch = self.store.append(NOW, rows).await.unwrap();
        assert_eq!(batch.verdicts.len(), rows.len(), "one verdict per row");
        batch
    }

    /// Appends one row that must go in; its seq.
    pub(super) async fn put(&self, row: &Append) -> u64 {
        let batch = self.append(std::slice::from_ref(row)).await;
        seq(&batch.verdicts[0])
    }

    /// Sends a text that must go in; its seq.
    pub(super) async fn send(&self, from: Person, chat: ChatId, content: &str) -> u64 {
        self.put(&from.says(chat, content)).await
    }

    pub(super) async fn message(&self, id: MessageId) -> MessageRow {
        self.store.message(id).await.unwrap().unwrap()
    }

    pub(super) async fn member(&self, chat: ChatId, person: Person) -> Member {
        self.store.member(chat, person.user).await.unwrap().unwrap()
    }

    pub(super) async fn log(&self, chat: ChatId) -> Vec<LogEvent> {
        self.store.events(chat, 0, 100_000).await.unwrap()
    }

    pub(super) async fn head(&self, chat: ChatId) -> u64 {
        self.store.heads(&[chat]).await.unwrap().first().unwrap().1
    }

    pub(super) async fn seqs(&self, chat: ChatId, page: Page, limit: u32) -> Vec<u64> {
        let rows = self.store.page(chat, page, limit).await.unwrap();
        rows.iter().map(|row| row.seq).collect()
    }

    /// The log is dense from 1, counts its messages, never goes back in time, and agrees with
    /// the chat's row; the log.
    pub(super) async fn check_log(&self, chat: ChatId) -> Vec<LogEvent> {
        let log = self.log(chat).await;
        let (mut msg_no, mut at) = (0, Timestamp(0));
        for (index, event) in log.iter().enumerate() {
            assert_eq!(event.seq, index as u64 + 1, "dense from 1");
            msg_no += u64::from(matches!(event.kind, crate::message::EventKind::Message(_)));
            assert_eq!(event.msg_no, msg_no, "counts the messages up to and including it");
            assert!(event.at >= at, "time does not go back");
            at = event.at;
        }
        let row = self.store.chat(chat).await.unwrap().unwrap();
        assert_eq!((row.last_seq, row.msg_no, row.last_at), (log.len() as u64, msg_no, at));
        log
    }
}

/// An account of that address and name, with the hash `hash`.
pub(super) fn account(id: UserId, email: &str, name: &str) -> NewAccount {
    let (email, name) = (email.to_owned(), name.to_owned());
    let account = Account { id, email, name, created_at: NOW, last_seen: None, disabled_at: None };
    NewAccount { account, password_hash: "hash".to_owned() }
}

/// A session that begins now and has no refresh tokens.
pub(super) fn session(user: UserId) -> Session {
    Session {
        id: SessionId(Uuid::new_v4()),
        user,
        created_at: NOW,
        seen_at: NOW,
        expires_at: NOW.plus_millis(1_000_000),
        revoked_at: None,
        device: "a browser".to_owned(),
        address: "192.0.2.1".to_owned(),
        refresh: None,
    }
}

/// An end like any other.
pub(super) fn end(at: Timestamp) -> End {
    End { at, reason: Reason::Revoked }
}

/// The seq of what was stored.
pub(super) fn seq(verdict: &Appended) -> u64 {
    match verdict {
        Appended::Stored { seq, .. } => *seq,
        other => panic!("not stored: {other:?}"),
    }
}
