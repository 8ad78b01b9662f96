//! The task that publishes to one server.

use std::sync::Arc;
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, ErrorKind, RedisError, RedisResult, ServerErrorKind, Value};

use super::dial::{Dialer, Patience};
use super::map::{Server, referral};
use super::queue::{Outgoing, Queue};
use super::route::Router;
use crate::stats::{Raised, Stats};

pub(super) struct Publisher {
    pub(super) server: Server,
    pub(super) router: Arc<Router>,
    pub(super) dialer: Arc<Dialer>,
    pub(super) queue: Arc<Queue>,
    pub(super) stats: Arc<Stats>,
    pub(super) check: Duration,
}

impl Publisher {
    pub(super) async fn run(self) {
        let mut patience = Patience::new();
        loop {
            match self.dialer.dial(&self.server, AsyncConnectionConfig::new()).await {
                Ok(connection) => {
                    self.stats.dials.add(1);
                    let connected = Raised::by(&self.stats.connected, 1);
                    let error = self.serve(connection, &mut patience).await;
                    drop(connected);
                    tracing::warn!(%error, "the connection that publishes to Redis broke");
                }
                Err(error) => {
                    self.stats.failed_dials.add(1);
                    tracing::debug!(%error, "Redis cannot be reached to publish");
                }
            }
            self.router.doubt();
            patience.wait().await;
        }
    }

    /// Publishes what is queued until the connection breaks.
    async fn serve(
        &self,
        mut connection: MultiplexedConnection,
        patience: &mut Patience,
    ) -> RedisError {
        loop {
            let served = match tokio::time::timeout(self.check, self.queue.take()).await {
                Ok(batch) => {
                    let sent = self.send(&mut connection, batch).await;
                    self.queue.done();
                    sent
                }
                Err(_) => redis::cmd("PING").exec_async(&mut connection).await,
            };
            match served {
                Ok(()) => *patience = Patience::new(),
                Err(error) => return error,
            }
        }
    }

    /// One write for all.
    async fn send(
        &self,
        connection: &mut MultiplexedConnection,
        batch: Vec<Outgoing>,
    ) -> RedisResult<()> {
        let mut pipeline = redis::Pipeline::with_capacity(batch.len());
        for message in &batch {
            pipeline.cmd("SPUBLISH").arg(&message.channel).arg(&*message.payload);
        }
        pipeline.ignore_errors();
        match pipeline.query_async::<Vec<RedisResult<Value>>>(connection).await {
            Ok(answers) => self.sort(batch.into_iter().zip(answers)),
            Err(error) => {
                self.stats.lost.add(batch.len());
                Err(error)
            }
        }
    }

    /// What was taken is done with; what was not, for a reason that passes, is sent again.
    fn sort(
        &self,
        answered: impl Iterator<Item = (Outgoing, RedisResult<Value>)>,
    ) -> RedisResult<()> {
        let (mut taken, mut bytes, mut refused) = (0, 0, 0);
        let (mut referrals, mut again, mut unwell) = (Vec::new(), Vec::new(), Ok(()));
        for (message, answer) in answered {
            let Err(error) = answer else {
                taken += 1;
                bytes += message.payload.len();
                continue;
            };
            if let Some(to) = referral(&error, &self.server) {
                referrals.push(to);
                again.push(message);
            } else if passes(&error) {
                unwell = Err(error);
                again.push(message);
            } else {
                refused += 1;
            }
        }
        self.stats.published.add(taken);
        self.stats.published_bytes.add(bytes);
        self.stats.refused.add(refused);
        if !again.is_empty() {
            self.router.refer(&referrals, again);
        }
        unwell
    }
}

/// Whether a server that answers so may take the same later, or another may.
fn passes(error: &RedisError) -> bool {
    let ErrorKind::Server(kind) = error.kind() else { return false };
    matches!(
        kind,
        ServerErrorKind::ClusterDown
            | ServerErrorKind::MasterDown
            | ServerErrorKind::TryAgain
            | ServerErrorKind::BusyLoading
    )
}
