//! The task that keeps the map of a cluster right.
//!
//! It asks some masters who owns what, and believes most of them: one that was cut off, or has just
//! come back, may not know yet. It asks at every check, and soon after something that looks like a
//! change: a connection that broke, a channel that its server dropped, a referral.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;

use super::ask::Asking;
use super::dial::Patience;
use super::map::{Map, Server, agreed};
use super::route::Router;

/// Most masters that are asked at a time.
const ASKED: usize = 5;
/// Least time between two looks.
const PAUSE: Duration = Duration::from_millis(50);

pub(super) struct Keeper {
    pub(super) router: Arc<Router>,
    pub(super) asking: Arc<Asking>,
    /// Where to begin.
    pub(super) seeds: Vec<Server>,
    pub(super) check: Duration,
}

impl Keeper {
    pub(super) async fn run(self) {
        let mut patience = Patience::new();
        loop {
            let owners = self.router.owners();
            let some = owners.iter().take(ASKED).cloned().collect();
            let found = match self.look(some).await {
                Some(map) => Some(map),
                None => self.look(self.seeds.clone()).await,
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

    /// What most of these servers say.
    async fn look(&self, servers: Vec<Server>) -> Option<Map> {
        let asked = servers.len();
        let mut asking: FuturesUnordered<_> =
            servers.iter().map(|server| self.map_of(server)).collect();
        let mut answers = Vec::with_capacity(asked);
        while let Some(answer) = asking.next().await {
            answers.extend(answer);
            if let Some(map) = agreed(&answers, asked, asking.len()) {
                return Some(map.clone());
            }
        }
        None
    }

    async fn map_of(&self, server: &Server) -> Option<Map> {
        let mut command = redis::cmd("CLUSTER");
        command.arg("SLOTS");
        match self.asking.ask(server, &command).await {
            Ok(answer) => Map::read(answer, server),
            Err(error) => {
                tracing::debug!(%error, "a server does not say who owns which slots");
                None
            }
        }
    }
}
