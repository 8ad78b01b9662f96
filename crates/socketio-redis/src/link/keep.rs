//! The task that keeps the map right: of a cluster, and of who is named by Sentinels.
//!
//! It asks some masters who owns what, or all Sentinels who the primary is, and believes most of
//! them: one that was cut off, or has just come back, may not know yet. It asks at every check, and
//! soon after something that looks like a change: a connection that broke, a channel that its server
//! dropped, a referral. So a primary that was put back without a word (it had been cut off, and
//! Sentinels chose another) is left before they reach it.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use redis::RedisError;

use super::ask::Asking;
use super::dial::{Dialer, Patience, seeds};
use super::map::{Map, Server, agreed};
use super::route::Router;
use crate::config::Config;

/// Most masters that are asked at a time.
const ASKED: usize = 5;
/// Least time between two looks.
const PAUSE: Duration = Duration::from_millis(50);

/// Who is asked, and how.
pub(super) struct Guides {
    asking: Arc<Asking>,
    /// Where to begin.
    seeds: Vec<Server>,
    /// The name that they know the primary by, if they are Sentinels.
    primary: Option<String>,
}

impl Guides {
    /// Those of that configuration; one Redis alone needs none.
    pub(super) fn of(
        config: &Config,
        dialer: &Dialer,
        asking: &Arc<Asking>,
    ) -> Result<Option<Self>, RedisError> {
        let primary = config.sentinel.clone();
        let asking = match &primary {
            Some(_) => Arc::new(Asking::new(Arc::new(dialer.of_sentinels()))),
            None if config.cluster => Arc::clone(asking),
            None => return Ok(None),
        };
        Ok(Some(Self { asking, seeds: seeds(config)?, primary }))
    }

    /// What is known before any was asked.
    pub(super) fn beginning(&self) -> Map {
        if self.primary.is_some() { Map::unnamed() } else { Map::unknown() }
    }

    async fn ask(&self, server: &Server) -> Option<Map> {
        let command = match &self.primary {
            Some(name) => redis::cmd("SENTINEL").arg("GET-MASTER-ADDR-BY-NAME").arg(name).take(),
            None => redis::cmd("CLUSTER").arg("SLOTS").take(),
        };
        match self.asking.ask(server, &command).await {
            Ok(answer) if self.primary.is_some() => Map::read_primary(answer),
            Ok(answer) => Map::read(answer, server),
            Err(error) => {
                tracing::debug!(%error, "a server does not say who owns what");
                None
            }
        }
    }
}

pub(super) struct Keeper {
    pub(super) router: Arc<Router>,
    pub(super) asking: Arc<Asking>,
    pub(super) guides: Guides,
    pub(super) check: Duration,
}

impl Keeper {
    pub(super) async fn run(self) {
        let mut patience = Patience::new();
        loop {
            let found = match self.look(self.masters()).await {
                Some(map) => Some(map),
                None => self.look(self.guides.seeds.clone()).await,
            };
            if let Some(map) = found {
                self.asking.keep(&map.owners());
                self.router.learn(map);
                patience = Patience::new();
                tokio::time::sleep(PAUSE).await;
                let _ = tokio::time::timeout(self.check, self.router.doubted()).await;
            } else {
                patience.wait().await;
            }
        }
    }

    /// Some of a cluster's masters. (The one that Sentinels name cannot say that it is none any more.)
    fn masters(&self) -> Vec<Server> {
        if self.guides.primary.is_some() {
            return Vec::new();
        }
        self.router.owners().into_iter().take(ASKED).collect()
    }

    /// What most of these servers say.
    async fn look(&self, servers: Vec<Server>) -> Option<Map> {
        let asked = servers.len();
        let mut asking: FuturesUnordered<_> =
            servers.iter().map(|server| self.guides.ask(server)).collect();
        let mut answers = Vec::with_capacity(asked);
        while let Some(answer) = asking.next().await {
            answers.extend(answer);
            if let Some(map) = agreed(&answers, asked, asking.len()) {
                return Some(map.clone());
            }
        }
        None
    }
}
