//! The task that publishes.

use std::sync::Arc;
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, RedisError, RedisResult, Value};

use super::dial::{Dialer, Patience};
use super::queue::{Outgoing, Queue};
use crate::stats::Stats;

pub(super) struct Publisher {
    pub(super) dialer: Arc<Dialer>,
    pub(super) queue: Arc<Queue>,
    pub(super) stats: Arc<Stats>,
    pub(super) check: Duration,
}

impl Publisher {
    pub(super) async fn run(self) {
        let mut patience = Patience::new();
        loop {
            match self.dialer.dial(AsyncConnectionConfig::new()).await {
                Ok(connection) => {
                    patience = Patience::new();
                    self.stats.dials.add(1);
                    self.stats.connected.add(1);
                    let error = self.serve(connection).await;
                    self.stats.connected.take(1);
                    tracing::warn!(%error, "the connection that publishes to Redis broke");
                }
                Err(error) => {
                    self.stats.failed_dials.add(1);
                    tracing::debug!(%error, "Redis cannot be reached to publish");
                }
            }
            patience.wait().await;
        }
    }

    /// Publishes what is queued until the connection breaks.
    async fn serve(&self, mut connection: MultiplexedConnection) -> RedisError {
        loop {
            let served = match tokio::time::timeout(self.check, self.queue.take()).await {
                Ok(batch) => {
                    let sent = self.send(&mut connection, &batch).await;
                    self.queue.done();
                    sent
                }
                Err(_) => redis::cmd("PING").exec_async(&mut connection).await,
            };
            if let Err(error) = served {
                return error;
            }
        }
    }

    /// One write for all.
    async fn send(
        &self,
        connection: &mut MultiplexedConnection,
        batch: &[Outgoing],
    ) -> RedisResult<()> {
        let mut pipeline = redis::Pipeline::with_capacity(batch.len());
        for message in batch {
            pipeline.cmd("SPUBLISH").arg(&message.channel).arg(&*message.payload);
        }
        pipeline.ignore_errors();
        match pipeline.query_async::<Vec<RedisResult<Value>>>(connection).await {
            Ok(answers) => {
                let taken = |(_, answer): &(&Outgoing, &RedisResult<Value>)| answer.is_ok();
                let taken: Vec<_> = batch.iter().zip(&answers).filter(taken).collect();
                self.stats.published.add(taken.len());
                let bytes = taken.iter().map(|(message, _)| message.payload.len()).sum();
                self.stats.published_bytes.add(bytes);
                self.stats.refused.add(batch.len() - taken.len());
                Ok(())
            }
            Err(error) => {
                self.stats.lost.add(batch.len());
                Err(error)
            }
        }
    }
}
