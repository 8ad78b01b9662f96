//! The task that listens.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, ErrorKind, PushInfo, PushKind, RedisError, RedisResult, Value};
use tokio::sync::{Notify, mpsc};

use super::Incoming;
use super::dial::{Dialer, Patience};
use super::wanted::{Changes, Wanted};
use crate::stats::Stats;

/// Most channels in one write.
const BATCH: usize = 512;

pub(super) struct Listener {
    pub(super) dialer: Arc<Dialer>,
    pub(super) wanted: Arc<Wanted>,
    pub(super) door: Door,
    pub(super) check: Duration,
}

/// Where what comes goes in.
#[derive(Clone)]
pub(super) struct Door {
    pub(super) sender: mpsc::UnboundedSender<Incoming>,
    pub(super) stats: Arc<Stats>,
    pub(super) max: usize,
}

impl Door {
    /// Takes in a message, if there is room for it. Called by the connection: must not wait.
    fn take(&self, data: Vec<Value>) {
        let mut data = data.into_iter();
        let (Some(Value::BulkString(channel)), Some(Value::BulkString(payload))) =
            (data.next(), data.next())
        else {
            return;
        };
        self.stats.received.add(1);
        let incoming = Incoming { channel: channel.into(), payload: payload.into() };
        let (waiting, cost) = (self.stats.waiting_bytes.get(), incoming.cost());
        if usize::try_from(waiting).unwrap_or(usize::MAX).saturating_add(cost) > self.max {
            self.stats.overrun.add(1);
            return;
        }
        self.stats.waiting_bytes.add(cost);
        // If nobody is left to handle it, so be it.
        let _ = self.sender.send(incoming);
    }
}

impl Listener {
    pub(super) async fn run(self) {
        let mut patience = Patience::new();
        loop {
            let broken = Arc::new(Notify::new());
            match self.dialer.dial(self.listening(&broken)).await {
                Ok(connection) => {
                    patience = Patience::new();
                    self.door.stats.dials.add(1);
                    self.door.stats.connected.add(1);
                    self.wanted.stand(true);
                    let error = self.serve(connection, &broken).await;
                    self.wanted.stand(false);
                    self.door.stats.subscriptions.set(0);
                    self.door.stats.connected.take(1);
                    tracing::warn!(%error, "the connection that listens to Redis broke");
                }
                Err(error) => {
                    self.door.stats.failed_dials.add(1);
                    tracing::debug!(%error, "Redis cannot be reached to listen");
                }
            }
            patience.wait().await;
        }
    }

    fn listening(&self, broken: &Arc<Notify>) -> AsyncConnectionConfig {
        let (door, broken) = (self.door.clone(), Arc::clone(broken));
        AsyncConnectionConfig::new().set_push_sender(move |push: PushInfo| {
            match push.kind {
                PushKind::SMessage => door.take(push.data),
                PushKind::Disconnection => broken.notify_one(),
                _ => {}
            }
            Ok::<(), ()>(())
        })
    }

    /// Keeps Redis in agreement with what is wanted until the connection breaks.
    async fn serve(&self, mut connection: MultiplexedConnection, broken: &Notify) -> RedisError {
        let mut known = HashSet::new();
        let mut check = tokio::time::interval(self.check);
        check.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            let served = tokio::select! {
                () = broken.notified() => Err(gone("it was closed")),
                changes = self.wanted.changes(&known) => {
                    let told = tell(&mut connection, changes, &mut known).await;
                    self.door.stats.subscriptions.set(known.len());
                    if told.is_ok() {
                        self.wanted.done();
                    }
                    told
                }
                _ = check.tick() => self.compare(&mut connection, known.len()).await,
            };
            if let Err(error) = served {
                return error;
            }
        }
    }

    /// Whether Redis knows as many subscriptions as it was told.
    async fn compare(
        &self,
        connection: &mut MultiplexedConnection,
        known: usize,
    ) -> RedisResult<()> {
        let info: RedisResult<String> =
            redis::cmd("CLIENT").arg("INFO").query_async(connection).await;
        let info = match info {
            Ok(info) => info,
            // Not every Redis lets its clients ask.
            Err(error) if !error.is_io_error() && !error.is_timeout() => return Ok(()),
            Err(error) => return Err(error),
        };
        match subscriptions(&info) {
            Some(count) if count != known => {
                self.door.stats.astray.add(1);
                Err(gone("it forgot subscriptions"))
            }
            _ => Ok(()),
        }
    }
}

/// The number of sharded subscriptions in the text of `CLIENT INFO`.
fn subscriptions(info: &str) -> Option<usize> {
    info.split_ascii_whitespace().find_map(|field| field.strip_prefix("ssub="))?.parse().ok()
}

async fn tell(
    connection: &mut MultiplexedConnection,
    changes: Changes,
    known: &mut HashSet<Arc<str>>,
) -> RedisResult<()> {
    for channels in changes.unsubscribe.chunks(BATCH) {
        all(connection, "SUNSUBSCRIBE", channels).await?;
        channels.iter().for_each(|channel| {
            known.remove(channel);
        });
    }
    for channels in changes.subscribe.chunks(BATCH) {
        all(connection, "SSUBSCRIBE", channels).await?;
        known.extend(channels.iter().cloned());
    }
    Ok(())
}

/// The same of several channels, in one write.
async fn all(
    connection: &mut MultiplexedConnection,
    command: &str,
    channels: &[Arc<str>],
) -> RedisResult<()> {
    let mut pipeline = redis::Pipeline::with_capacity(channels.len());
    for channel in channels {
        pipeline.cmd(command).arg(&**channel);
    }
    pipeline.exec_async(connection).await
}

fn gone(why: &'static str) -> RedisError {
    (ErrorKind::Io, why).into()
}
