//! People and pasts made through the store's own door, before the server starts.
//!
//! Signing up costs what a password must cost, which a run with ten thousand people cannot wait
//! for; here their accounts and sessions go into the store as they are, and their tokens are
//! signed with the secret that the server is given.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use jsonwebtoken::{EncodingKey, Header, encode};
use serde_json::json;
use uuid::Uuid;
use zvon_core::account::Account;
use zvon_core::account::store::NewAccount;
use zvon_core::chat::store::{Author, NewGroup};
use zvon_core::clock::{Clock, SystemClock};
use zvon_core::message::store::{Append, Appended};
use zvon_core::session::Session;
use zvon_core::store::Store;
use zvon_protocol::ids::{ChatId, MessageId, SessionId, UserId};
use zvon_protocol::time::Timestamp;
use zvon_store::sqlite::Sqlite;

use crate::rest::Person;
use crate::server::SECRET;

/// A day in milliseconds.
const DAY: i64 = 86_400_000;
/// How many messages one transaction of a past brings.
const BATCH: u64 = 1000;

/// A chat and its members, as numbers among the people.
#[derive(Clone, Debug)]
pub(crate) struct Hall {
    pub(crate) id: Uuid,
    pub(crate) members: Vec<usize>,
}

/// A store that is being prepared.
pub(crate) struct Seed<S = Sqlite> {
    store: S,
    people: Vec<(Person, SessionId)>,
    now: Timestamp,
}

impl Seed<Sqlite> {
    /// Opens the store of a data directory.
    pub(crate) async fn open(data: &Path) -> Result<Self> {
        let store = Sqlite::open(&data.join("zvon.db"), 1).await?;
        Ok(Self::of(store))
    }

    /// Closes the store; who can connect.
    pub(crate) async fn close(self) -> Vec<Person> {
        self.store.close().await;
        self.people.into_iter().map(|(person, _)| person).collect()
    }
}

impl<S: Store> Seed<S> {
    /// Prepares a store that is open.
    pub(crate) fn of(store: S) -> Self {
        Self { store, people: Vec::new(), now: SystemClock.now() }
    }

    /// Adds people who are signed in.
    pub(crate) async fn people(&mut self, count: usize) -> Result<()> {
        for index in 0..count {
            let id = UserId(Uuid::now_v7());
            let email = format!("load{index}@example.org");
            let name = format!("Load {index:05}");
            let created_at = self.now;
            let account =
                Account { id, email, name, created_at, last_seen: None, disabled_at: None };
            let token_email = account.email.clone();
            let new = NewAccount { account, password_hash: "nobody signs in by it".to_owned() };
            ensure!(self.store.create_account(&new).await?, "the data is not fresh");
            let session = Session {
                id: SessionId(Uuid::new_v4()),
                user: id,
                created_at,
                seen_at: created_at,
                expires_at: self.now.plus_millis(DAY),
                revoked_at: None,
                device: "load generator".to_owned(),
                address: "127.0.0.1".to_owned(),
                refresh: None,
            };
            self.store.create_session(&session, 10).await?;
            let token = token(id, &token_email, &session)?;
            self.people.push((Person { id: id.0, token }, session.id));
        }
        Ok(())
    }

    /// Makes as many chats as there are people: each has two of them.
    pub(crate) async fn halls(&self) -> Result<Vec<Hall>> {
        let mut halls = Vec::new();
        for index in 0..self.people.len() {
            halls.push(self.hall(vec![index, (index + 1) % self.people.len()]).await?);
        }
        Ok(halls)
    }

    /// Makes a chat of these people.
    pub(crate) async fn hall(&self, members: Vec<usize>) -> Result<Hall> {
        let others = members[1..].iter().map(|member| UserId(self.people[*member].0.id)).collect();
        let (id, index) = (ChatId(Uuid::now_v7()), members[0]);
        let group = NewGroup { id, title: format!("Load {index}"), members: others };
        let made = self.store.create_group(self.author(index), &group).await?;
        made.map_err(|denied| anyhow::anyhow!("{denied:?}"))?;
        Ok(Hall { id: id.0, members })
    }

    /// Gives the chats a past of so many messages together.
    pub(crate) async fn past(&self, halls: &[Hall], messages: u64) -> Result<()> {
        let mut left = messages;
        while left > 0 {
            let size = left.min(BATCH);
            let rows: Vec<Append> = (left - size..left)
                .map(|number| {
                    let hall = &halls[usize::try_from(number).unwrap_or(0) % halls.len()];
                    self.text(hall, number)
                })
                .collect();
            let batch = self.store.append(self.now, &rows).await?;
            let stored = |verdict: &Appended| matches!(verdict, Appended::Stored { .. });
            ensure!(batch.verdicts.iter().all(stored), "a message of the past was refused");
            left -= size;
        }
        Ok(())
    }

    /// The people, and their sessions.
    pub(crate) fn everybody(&self) -> &[(Person, SessionId)] {
        &self.people
    }

    pub(crate) fn author(&self, index: usize) -> Author {
        let (person, session) = &self.people[index];
        Author { session: *session, user: UserId(person.id), at: self.now }
    }

    fn text(&self, hall: &Hall, number: u64) -> Append {
        let author = self.author(hall.members[0]);
        Append {
            chat: ChatId(hall.id),
            session: author.session,
            sender: author.user,
            id: MessageId(Uuid::now_v7()),
            client_id: None,
            content: format!("message {number} of a past in which much was said about little"),
            forward: None,
            present: Vec::new(),
            known: None,
        }
    }
}

fn token(user: UserId, email: &str, session: &Session) -> Result<String> {
    let claims = json!({
        "sub": user,
        "email": email,
        "iat": session.created_at.0 / 1000,
        "exp": session.expires_at.0 / 1000,
        "sid": session.id,
        "jti": Uuid::new_v4(),
    });
    let key = EncodingKey::from_secret(SECRET.as_bytes());
    encode(&Header::default(), &claims, &key).context("a token cannot be signed")
}
