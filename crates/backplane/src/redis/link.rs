//! The connection that carries commands.

use std::sync::Arc;
use std::time::{Duration, Instant};

use metrics::{describe_counter, describe_gauge};
use parking_lot::Mutex;
use redis::{Cmd, FromRedisValue, Value};
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;

use super::address::Address;
use super::breaker::Breaker;
use super::dial::{COMMAND, Dialer};
use super::error::LinkError;
use super::keeper;
use super::script::Call;
use super::wire::{Answer, Wire, within};

/// So much longer waits who waits for several.
const SLACK: Duration = Duration::from_millis(20);

/// Whether Redis answers, and since when that is so.
#[derive(Clone, Copy, Debug)]
pub struct Health {
    /// Whether it does.
    pub up: bool,
    /// When that began.
    pub since: Instant,
    /// Whether it was away before.
    pub again: bool,
    /// When it last did.
    pub answered: Instant,
}

impl Health {
    /// Not known to answer yet.
    fn unknown() -> Self {
        let now = Instant::now();
        Self { up: false, since: now, again: false, answered: now }
    }
}

/// A connection with a number, so that nobody takes a newer one away.
#[derive(Clone)]
pub(super) struct Current {
    pub(super) wire: Wire,
    pub(super) number: u64,
}

/// What calls and the keeper share.
pub(super) struct Shared {
    pub(super) dialer: Dialer,
    pub(super) current: watch::Sender<Option<Current>>,
    pub(super) breaker: Mutex<Breaker>,
    pub(super) health: Mutex<Health>,
    /// Something failed: the keeper looks at once.
    pub(super) nudge: Notify,
}

/// The connection to Redis. Kept up by a task of its own until it is dropped; made within a
/// runtime.
pub struct Link {
    shared: Arc<Shared>,
    keeper: JoinHandle<()>,
}

impl Drop for Link {
    fn drop(&mut self) {
        self.keeper.abort();
    }
}

impl Link {
    /// A link to that address. Returns at once; Redis may be away.
    #[must_use]
    pub fn open(address: Address) -> Arc<Self> {
        // TLS needs it; a provider that is already there stays.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        describe_gauge!("zvon_redis_up", "Whether Redis answers.");
        describe_counter!("zvon_redis_failures_total", "Calls of Redis without an answer.");
        let shared = Arc::new(Shared {
            dialer: Dialer(Arc::new(address)),
            current: watch::Sender::new(None),
            breaker: Mutex::default(),
            health: Mutex::new(Health::unknown()),
            nudge: Notify::new(),
        });
        let keeper = tokio::spawn(keeper::keep(Arc::clone(&shared)));
        Arc::new(Self { shared, keeper })
    }

    /// Waits until Redis answers, but not longer than `patience`. Whether it does.
    pub async fn ready(&self, patience: Duration) -> bool {
        let mut current = self.shared.current.subscribe();
        tokio::time::timeout(patience, current.wait_for(Option::is_some)).await.is_ok()
    }

    /// Whether Redis answers. Changes within about a second of the truth, without any traffic too.
    #[must_use]
    pub fn health(&self) -> Health {
        *self.shared.health.lock()
    }

    /// How to make further connections to the same place.
    pub(super) fn dialer(&self) -> Dialer {
        self.shared.dialer.clone()
    }

    /// One command, within 100 ms.
    pub(crate) async fn run<T: FromRedisValue>(&self, command: &Cmd) -> Result<T, LinkError> {
        let answer = self.with_wire(COMMAND, async |wire| wire.run(command).await).await?;
        Ok(redis::from_redis_value(answer).map_err(redis::RedisError::from)?)
    }

    /// Commands that do not depend on each other, in one write; answers in their order. They have
    /// a millisecond each above the 100.
    pub(crate) async fn run_all(&self, commands: &[Cmd]) -> Result<Vec<Answer>, LinkError> {
        let more = Duration::from_millis(u64::try_from(commands.len()).unwrap_or(1000).min(1000));
        let time = COMMAND + more;
        self.with_wire(time + SLACK, async |wire| {
            let answers = wire.run_all(commands, time).await?;
            // A part of a cluster may fail alone; one server that cannot answer is one failure.
            let failures = || answers.iter().filter_map(|answer| answer.as_ref().err());
            let mut failures = failures().filter(|error| error.is_failure());
            match (failures.next().cloned(), failures.count() + 1) {
                (Some(error), count) if count == answers.len() || !wire.mends_itself() => {
                    Err(error)
                }
                _ => Ok(answers),
            }
        })
        .await
    }

    /// One call of a script, within 100 ms.
    pub(crate) async fn eval<T: FromRedisValue>(&self, call: &Call) -> Result<T, LinkError> {
        match self.run(&call.known).await {
            Err(LinkError::Unloaded) => self.run(&call.whole()).await,
            answer => answer,
        }
    }

    /// Calls of scripts that do not depend on each other, as [`Self::run_all`].
    pub(crate) async fn eval_all(&self, calls: &[Call]) -> Result<Vec<Answer>, LinkError> {
        let known: Vec<Cmd> = calls.iter().map(|call| call.known.clone()).collect();
        let mut answers = self.run_all(&known).await?;
        let is_missed = |index: &usize| matches!(answers[*index], Err(LinkError::Unloaded));
        let missed: Vec<usize> = (0..answers.len()).filter(is_missed).collect();
        if !missed.is_empty() {
            let whole: Vec<Cmd> = missed.iter().map(|index| calls[*index].whole()).collect();
            for (index, answer) in missed.into_iter().zip(self.run_all(&whole).await?) {
                answers[index] = answer;
            }
        }
        Ok(answers)
    }

    async fn with_wire<T>(
        &self,
        time: Duration,
        call: impl AsyncFnOnce(&mut Wire) -> Result<T, LinkError>,
    ) -> Result<T, LinkError> {
        if !self.shared.breaker.lock().is_closed() {
            return Err(LinkError::Away);
        }
        let mut used = None;
        let answer = within(time, async {
            let mut current = self.shared.current.subscribe();
            let found =
                current.wait_for(Option::is_some).await.ok().and_then(|found| found.clone());
            let mut current = found.ok_or(LinkError::Away)?;
            used = Some(current.number);
            call(&mut current.wire).await
        })
        .await;
        match &answer {
            Ok(_) => self.shared.answered(),
            Err(error) if error.is_failure() => self.shared.failed(used, error),
            Err(_) => {}
        }
        answer
    }
}

/// Reads an answer out of several.
pub(crate) fn read<T: FromRedisValue>(answer: Answer) -> Result<T, LinkError> {
    let value: Value = answer?;
    Ok(redis::from_redis_value(value).map_err(redis::RedisError::from)?)
}
