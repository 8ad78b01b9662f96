//! The list of people, with presence.

use std::collections::{HashMap, HashSet};

use zvon_protocol::ids::UserId;
use zvon_protocol::user::{Person, UserRow, UserRowStatus};

use super::Account;
use crate::App;
use crate::cache::{Kind, life};
use crate::caller::Caller;
use crate::error::Result;
use crate::presence::Transition;

/// Most rows of one list.
const MOST: u32 = 1000;
/// Where the list is kept: whose version it has, and its key.
const LIST: (&str, &str) = ("users:list", "users:list");
/// Where the number is kept; it changes with the list.
const COUNT: (&str, &str) = ("users:list", "users:count");

impl App {
    /// Everybody, or those whose name or address starts with `prefix`; at most `limit`. When the
    /// list is cut, the caller and the caller's contacts come first.
    ///
    /// # Errors
    /// The store's.
    pub async fn people(
        &self,
        caller: Caller,
        prefix: Option<&str>,
        limit: Option<u32>,
    ) -> Result<Vec<Person>> {
        let (accounts, states) = self.accounts_with_presence(caller, prefix, limit).await?;
        let people = accounts.into_iter().zip(states).map(|(account, state)| Person {
            id: account.id,
            email: account.email,
            name: account.name,
            is_online: state.is_some_and(|state| state.online),
        });
        Ok(people.collect())
    }

    /// The same in the shape of `GET /api/users`.
    ///
    /// # Errors
    /// The store's.
    pub async fn user_rows(&self, caller: Caller) -> Result<Vec<UserRow>> {
        let (accounts, states) = self.accounts_with_presence(caller, None, None).await?;
        Ok(accounts.into_iter().zip(states).map(|(account, state)| row(account, state)).collect())
    }

    async fn accounts_with_presence(
        &self,
        caller: Caller,
        prefix: Option<&str>,
        limit: Option<u32>,
    ) -> Result<(Vec<Account>, Vec<Option<Transition>>)> {
        let limit = limit.unwrap_or(MOST).clamp(1, MOST);
        let prefix = prefix.map(str::trim).filter(|prefix| !prefix.is_empty());
        let mut accounts = match prefix {
            None if self.settings.cached => self.everybody(limit).await?,
            _ => self.store().list_accounts(prefix, limit).await?,
        };
        if prefix.is_none() && accounts.len() == limit as usize {
            self.put_contacts_first(caller, &mut accounts, limit).await?;
        }
        let mut ids: Vec<UserId> = accounts.iter().map(|account| account.id).collect();
        if let Some(known) = self.known_to(caller).await? {
            for account in accounts.iter_mut().filter(|account| !known.contains(&account.id)) {
                account.last_seen = None;
            }
            ids.retain(|id| known.contains(id));
        }
        let states = self.presence_of(&ids).await;
        let mut states: HashMap<_, _> = ids.into_iter().zip(states).collect();
        let states = accounts.iter().map(|account| states.remove(&account.id).flatten()).collect();
        Ok((accounts, states))
    }

    /// The first accounts by name, as they were a minute ago at most; nobody who signed up is
    /// missing.
    async fn everybody(&self, limit: u32) -> Result<Vec<Account>> {
        let read = async { Ok(self.store().list_accounts(None, MOST).await?) };
        let mut accounts = self.caching.value(Kind::Users, LIST, life::USERS, read).await?;
        accounts.truncate(limit as usize);
        Ok(accounts)
    }

    /// How many accounts there are, counted no further than `most`.
    pub(crate) async fn count_accounts(&self, most: u64) -> Result<u64> {
        let read = async { Ok(self.store().count_accounts(most).await?) };
        if self.settings.cached {
            self.caching.value(Kind::Users, COUNT, life::USERS, read).await
        } else {
            read.await
        }
    }

    /// There is one account more.
    pub(crate) async fn account_made(&self) {
        if self.settings.cached {
            self.caching.raise(LIST.0).await;
        }
    }

    async fn put_contacts_first(
        &self,
        caller: Caller,
        accounts: &mut Vec<Account>,
        limit: u32,
    ) -> Result<()> {
        let mut ids = self.store().contacts_of(caller.user).await?;
        ids.push(caller.user);
        ids.truncate(limit as usize);
        let mut first = self.store().accounts(&ids).await?;
        first.sort_by(|a, b| a.name.cmp(&b.name));
        let known: HashSet<UserId> = first.iter().map(|account| account.id).collect();
        first.extend(accounts.drain(..).filter(|account| !known.contains(&account.id)));
        first.truncate(limit as usize);
        *accounts = first;
        Ok(())
    }
}

fn row(account: Account, state: Option<Transition>) -> UserRow {
    let seen = account.last_seen.or(state.map(|state| state.at));
    UserRow {
        status: UserRowStatus {
            user_id: seen.map(|_| account.id),
            is_online: state.is_some_and(|state| state.online),
            last_seen: state.map(|state| state.at).or(seen).unwrap_or(account.created_at),
        },
        created_at: account.created_at,
        person: Person {
            id: account.id,
            email: account.email,
            name: account.name,
            is_online: state.is_some_and(|state| state.online),
        },
    }
}
