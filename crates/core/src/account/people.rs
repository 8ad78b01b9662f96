//! The list of people, with presence.

use std::collections::{HashMap, HashSet};

use zvon_protocol::ids::UserId;
use zvon_protocol::user::{Person, UserRow, UserRowStatus};

use super::Account;
use crate::App;
use crate::caller::Caller;
use crate::error::Result;
use crate::presence::Transition;

/// Most rows of one list.
const MOST: u32 = 1000;

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
        let mut accounts = self.store().list_accounts(prefix, limit).await?;
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
