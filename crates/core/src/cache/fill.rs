//! Reading through the cache.
//!
//! What is missing is read from the store by one caller per key and node; the others wait for it
//! and find it kept. Values go as MessagePack; what cannot be read any more (another version of
//! the program wrote it) is missing.

use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::flight::Flights;
use super::{Cache, Entry, VALUE_MAX, Wanted, life};
use crate::error::Result;
use crate::meters::Meters;

/// What is cached, for the metrics.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    /// A session with its account.
    Session,
    /// Who is in a chat, and how far it is.
    Standing,
    /// A page of messages.
    Page,
    /// The pinned messages of a chat.
    Pinned,
    /// The list of accounts, and their number.
    Users,
}

impl Kind {
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Session => "session",
            Self::Standing => "standing",
            Self::Page => "page",
            Self::Pinned => "pinned",
            Self::Users => "users",
        }
    }
}

/// The cache as the use cases read through it.
pub(crate) struct Caching {
    cache: Arc<dyn Cache>,
    flights: Flights,
    meters: Arc<Meters>,
}

impl Caching {
    pub(crate) fn new(cache: Arc<dyn Cache>, meters: Arc<Meters>) -> Self {
        Self { cache, flights: Flights::default(), meters }
    }

    /// Waits for the turn to read a key from the store.
    pub(crate) async fn turn(&self, key: &str) -> tokio::sync::OwnedMutexGuard<()> {
        self.flights.of(key).await
    }

    /// What is kept of these keys, as far as it can be read.
    pub(crate) async fn get<T: DeserializeOwned>(
        &self,
        wanted: &[Wanted],
    ) -> Vec<Option<(u64, T)>> {
        let found = self.cache.get(wanted).await;
        found.into_iter().map(|entry| entry.as_ref().and_then(open)).collect()
    }

    /// Keeps values for about so long.
    pub(crate) async fn put<T: Serialize>(
        &self,
        values: impl IntoIterator<Item = (String, u64, T)>,
        figure: Duration,
    ) {
        let close = |(key, version, value)| Some((key, close(version, &value)?));
        let entries: Vec<_> = values.into_iter().filter_map(close).collect();
        if !entries.is_empty() {
            self.cache.put(entries, life::about(figure)).await;
        }
    }

    /// A value whose versions are the cache's own, read from the store if it is not kept.
    pub(crate) async fn value<T: Serialize + DeserializeOwned>(
        &self,
        kind: Kind,
        (scope, key): (&str, &str),
        figure: Duration,
        read: impl Future<Output = Result<T>>,
    ) -> Result<T> {
        let Some(version) = self.cache.version(scope).await else {
            self.meters.cache_filled(kind, 1);
            return read.await;
        };
        let wanted = [(key.to_owned(), version)];
        if let Some(value) = self.kept(&wanted).await {
            self.meters.cache_hit(kind, 1);
            return Ok(value);
        }
        let _turn = self.turn(key).await;
        if let Some(value) = self.kept(&wanted).await {
            self.meters.cache_hit(kind, 1);
            return Ok(value);
        }
        self.meters.cache_filled(kind, 1);
        let value = read.await?;
        self.put([(key.to_owned(), version, &value)], figure).await;
        Ok(value)
    }

    async fn kept<T: DeserializeOwned>(&self, wanted: &[Wanted]) -> Option<T> {
        let (version, value) = self.get(wanted).await.pop().flatten()?;
        (version >= wanted.first()?.1).then_some(value)
    }

    /// Everything of this scope changed.
    pub(crate) async fn raise(&self, scope: &str) {
        if !self.cache.raise(scope).await {
            tracing::debug!(scope, "a change could not be told to the cache");
        }
    }
}

fn open<T: DeserializeOwned>(entry: &Entry) -> Option<(u64, T)> {
    Some((entry.version, rmp_serde::from_slice(&entry.value).ok()?))
}

fn close<T: Serialize>(version: u64, value: &T) -> Option<Entry> {
    let value = rmp_serde::to_vec(value).ok()?;
    (value.len() <= VALUE_MAX).then(|| Entry { version, value: value.into() })
}
