//! A live connection, to one server or to a cluster.

use std::time::Duration;

use futures_util::future::join_all;
use redis::aio::MultiplexedConnection;
use redis::cluster_async::ClusterConnection;
use redis::{Cmd, Pipeline, RedisResult, Value};

use super::dial::CONNECT;
use super::error::LinkError;

/// The answer of one command.
pub(super) type Answer = Result<Value, LinkError>;

/// A live connection. Clones share it.
#[derive(Clone)]
pub(super) enum Wire {
    One(MultiplexedConnection),
    Cluster(ClusterConnection),
}

impl Wire {
    /// Whether it finds its own way after an I/O error.
    pub(super) fn mends_itself(&self) -> bool {
        matches!(self, Self::Cluster(_))
    }

    /// Whether it answers; of a cluster, any part. (`PING` would ask every master of a cluster.)
    pub(super) async fn probe(&mut self) -> Result<(), LinkError> {
        self.run(&redis::cmd("TIME")).await.map(drop)
    }

    /// One command.
    pub(super) async fn run(&mut self, command: &Cmd) -> Answer {
        let answer: RedisResult<Value> = match self {
            Self::One(connection) => command.query_async(connection).await,
            Self::Cluster(connection) => command.query_async(connection).await,
        };
        Ok(answer?)
    }

    /// Commands that do not depend on each other, in one write; answers in their order. Of a
    /// cluster, whose parts have that long each, some may be missing.
    pub(super) async fn run_all(
        &mut self,
        commands: &[Cmd],
        time: Duration,
    ) -> Result<Vec<Answer>, LinkError> {
        match self {
            Self::One(connection) => {
                let mut pipeline = Pipeline::with_capacity(commands.len());
                pipeline.ignore_errors();
                for command in commands {
                    pipeline.add_command(command.clone());
                }
                let answers: Vec<RedisResult<Value>> = pipeline.query_async(connection).await?;
                Ok(answers.into_iter().map(|answer| Ok(answer?)).collect())
            }
            Self::Cluster(connection) => {
                // They may belong to different servers; the connection sorts them.
                let each = commands.iter().map(|command| {
                    let mut connection = connection.clone();
                    within(time, async move { Ok(command.query_async(&mut connection).await?) })
                });
                Ok(join_all(each).await)
            }
        }
    }
}

impl Wire {
    /// Subscribes to the sharded channels `more` and drops `less`.
    pub(super) async fn subscribe(
        &mut self,
        more: &[String],
        less: &[String],
    ) -> Result<(), LinkError> {
        let time = CONNECT + Duration::from_millis(4) * u32::try_from(more.len()).unwrap_or(256);
        match self {
            Self::One(_) => {
                let command = |verb: &str, channel: &String| {
                    let mut command = redis::cmd(verb);
                    command.arg(channel);
                    command
                };
                let more = more.iter().map(|channel| command("SSUBSCRIBE", channel));
                let less = less.iter().map(|channel| command("SUNSUBSCRIBE", channel));
                let commands: Vec<Cmd> = more.chain(less).collect();
                let answers = within(time, self.run_all(&commands, time)).await?;
                answers.into_iter().try_for_each(|answer| answer.map(drop))
            }
            Self::Cluster(connection) => {
                // One by one: each channel has its server, and one that is away holds up no other.
                let more = more.iter().map(|channel| {
                    let mut connection = connection.clone();
                    async move { connection.ssubscribe(channel).await }
                });
                let less = less.iter().map(|channel| {
                    let mut connection = connection.clone();
                    async move { connection.sunsubscribe(channel).await }
                });
                // A part that is away must not take the rest along: it is tried again.
                let _ = tokio::time::timeout(time, join_all(more)).await;
                let _ = tokio::time::timeout(time, join_all(less)).await;
                Ok(())
            }
        }
    }
}

/// Waits for an answer, not longer than that.
pub(super) async fn within<T>(
    time: Duration,
    answer: impl Future<Output = Result<T, LinkError>>,
) -> Result<T, LinkError> {
    tokio::time::timeout(time, answer).await.unwrap_or(Err(LinkError::Slow))
}
