//! The task that listens to one server.
//!
//! What the server knows is what it says it knows: it confirms every subscription and every end of
//! one unasked, on the same connection as messages, and also ends those of slots that went to
//! another server. So answers are not matched with questions, which such an end would shift.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, ErrorKind, PushInfo, PushKind, RedisError, RedisResult, Value};
use tokio::sync::mpsc;

use super::Incoming;
use super::dial::{Dialer, Patience};
use super::map::{Server, referral};
use super::route::Router;
use super::wanted::{Changes, Wanted};
use crate::stats::{Raised, Stats};

/// Most channels in one write.
const BATCH: usize = 512;
/// Before channels are named again that were not confirmed.
const PAUSE: Duration = Duration::from_millis(10);

pub(super) struct Listener {
    pub(super) server: Server,
    pub(super) router: Arc<Router>,
    pub(super) dialer: Arc<Dialer>,
    pub(super) wanted: Arc<Wanted>,
    pub(super) door: Door,
    pub(super) check: Duration,
}

/// Where what comes goes in.
#[derive(Clone)]
pub(super) struct Door {
    pub(super) sender: mpsc::UnboundedSender<Incoming>,
    pub(super) wanted: Arc<Wanted>,
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
        // A slot that moved may be heard of by both servers for a moment.
        if !std::str::from_utf8(&channel).is_ok_and(|channel| self.wanted.has(channel)) {
            self.stats.unwanted.add(1);
            return;
        }
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

/// What a server says of its subscriptions.
enum Said {
    Subscribed(Arc<str>),
    Unsubscribed(Arc<str>),
    Gone,
}

/// A connection, and what its server knows.
struct Line<'a> {
    connection: MultiplexedConnection,
    said: mpsc::UnboundedReceiver<Said>,
    known: HashSet<Arc<str>>,
    /// As many as that, in the gauge.
    counted: Raised<'a>,
    /// At the last check it knew another number.
    doubtful: bool,
}

/// While it lives the server stands to be told what is wanted.
struct Standing<'a>(&'a Wanted);

impl Drop for Standing<'_> {
    fn drop(&mut self) {
        self.0.stand(false);
    }
}

impl Listener {
    pub(super) async fn run(self) {
        let mut patience = Patience::new();
        loop {
            let (sender, said) = mpsc::unbounded_channel();
            match self.dialer.dial(&self.server, self.listening(sender)).await {
                Ok(connection) => {
                    let error = self.stand(connection, said, &mut patience).await;
                    tracing::warn!(%error, "the connection that listens to Redis broke");
                }
                Err(error) => {
                    self.door.stats.failed_dials.add(1);
                    tracing::debug!(%error, "Redis cannot be reached to listen");
                }
            }
            self.router.doubt();
            patience.wait().await;
        }
    }

    fn listening(&self, said: mpsc::UnboundedSender<Said>) -> AsyncConnectionConfig {
        let door = self.door.clone();
        AsyncConnectionConfig::new().set_push_sender(move |push: PushInfo| {
            let say: fn(Arc<str>) -> Said = match push.kind {
                PushKind::SMessage => {
                    door.take(push.data);
                    return Ok::<(), ()>(());
                }
                PushKind::SSubscribe => Said::Subscribed,
                PushKind::SUnsubscribe => Said::Unsubscribed,
                PushKind::Disconnection => |_| Said::Gone,
                _ => return Ok(()),
            };
            let channel = match push.data.first() {
                Some(Value::BulkString(channel)) => str::from_utf8(channel).unwrap_or_default(),
                _ => "",
            };
            let _ = said.send(say(channel.into()));
            Ok(())
        })
    }

    async fn stand(
        &self,
        connection: MultiplexedConnection,
        said: mpsc::UnboundedReceiver<Said>,
        patience: &mut Patience,
    ) -> RedisError {
        let stats = &self.door.stats;
        stats.dials.add(1);
        let _connected = Raised::by(&stats.connected, 1);
        let counted = Raised::by(&stats.subscriptions, 0);
        let known = HashSet::new();
        let mut line = Line { connection, said, known, counted, doubtful: false };
        self.wanted.stand(true);
        let _standing = Standing(&self.wanted);
        let Err(error) = self.serve(&mut line, patience).await;
        error
    }

    /// Keeps the server in agreement with what is wanted until the connection breaks.
    async fn serve(
        &self,
        line: &mut Line<'_>,
        patience: &mut Patience,
    ) -> RedisResult<std::convert::Infallible> {
        let mut check = tokio::time::interval(self.check);
        check.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                said = line.said.recv() => self.hear(line, said.unwrap_or(Said::Gone))?,
                changes = self.wanted.changes(&line.known) => {
                    self.tell(line, changes).await?;
                    self.wanted.done();
                    *patience = Patience::new();
                }
                _ = check.tick() => self.compare(line).await?,
            }
        }
    }

    fn hear(&self, line: &mut Line<'_>, said: Said) -> RedisResult<()> {
        match said {
            Said::Subscribed(channel) => {
                line.known.insert(channel);
            }
            Said::Unsubscribed(channel) => {
                line.known.remove(&channel);
                if self.wanted.has(&channel) {
                    // Its slot went to another server, which this one will name.
                    self.wanted.again(&channel);
                    self.router.doubt();
                }
            }
            Said::Gone => return Err(gone("it was closed")),
        }
        line.counted.set(line.known.len());
        Ok(())
    }

    /// Takes in all that was said up to now.
    fn hear_all(&self, line: &mut Line<'_>) -> RedisResult<()> {
        while let Ok(said) = line.said.try_recv() {
            self.hear(line, said)?;
        }
        Ok(())
    }

    async fn tell(&self, line: &mut Line<'_>, changes: Changes) -> RedisResult<()> {
        for channels in changes.unsubscribe.chunks(BATCH) {
            for (slot, _) in self.all(line, "SUNSUBSCRIBE", channels).await? {
                // Where a slot is not at home nothing is subscribed.
                line.known.retain(|channel| super::slot::of(channel) != slot);
            }
        }
        for channels in changes.subscribe.chunks(BATCH) {
            let referrals = self.all(line, "SSUBSCRIBE", channels).await?;
            if !referrals.is_empty() {
                self.router.refer(&referrals, Vec::new());
            }
            let is_missing =
                |channel: &&Arc<str>| !line.known.contains(&**channel) && self.wanted.has(channel);
            let missing: Vec<&Arc<str>> = channels.iter().filter(is_missing).collect();
            if !missing.is_empty() {
                tokio::time::sleep(PAUSE).await;
                missing.into_iter().for_each(|channel| self.wanted.again(channel));
            }
        }
        Ok(())
    }

    /// The same of several channels, in one write; to whom that server referred.
    async fn all(
        &self,
        line: &mut Line<'_>,
        command: &str,
        channels: &[Arc<str>],
    ) -> RedisResult<Vec<(u16, Server)>> {
        let mut pipeline = redis::Pipeline::with_capacity(channels.len());
        for channel in channels {
            pipeline.cmd(command).arg(&**channel);
        }
        pipeline.ignore_errors();
        let answers: Vec<RedisResult<Value>> = pipeline.query_async(&mut line.connection).await?;
        self.hear_all(line)?;
        let errors = answers.into_iter().filter_map(Result::err);
        errors.map(|error| referral(&error, &self.server).ok_or(error)).collect()
    }

    /// Whether Redis knows as many subscriptions as it said.
    async fn compare(&self, line: &mut Line<'_>) -> RedisResult<()> {
        let mut command = redis::cmd("CLIENT");
        command.arg("INFO");
        let info: RedisResult<String> = command.query_async(&mut line.connection).await;
        let info = match info {
            Ok(info) => info,
            // Not every Redis lets its clients ask.
            Err(error) if !error.is_io_error() && !error.is_timeout() => return Ok(()),
            Err(error) => return Err(error),
        };
        self.hear_all(line)?;
        let agrees = subscriptions(&info).is_none_or(|count| count == line.known.len());
        if !agrees && line.doubtful {
            self.door.stats.astray.add(1);
            return Err(gone("it forgot subscriptions"));
        }
        // Some may have ended between its answer and now.
        line.doubtful = !agrees;
        Ok(())
    }
}

/// The number of sharded subscriptions in the text of `CLIENT INFO`.
fn subscriptions(info: &str) -> Option<usize> {
    info.split_ascii_whitespace().find_map(|field| field.strip_prefix("ssub="))?.parse().ok()
}

fn gone(why: &'static str) -> RedisError {
    (ErrorKind::Io, why).into()
}
