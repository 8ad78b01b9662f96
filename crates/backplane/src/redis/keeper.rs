//! Looks after the connection: makes it, tries it, replaces it.
//!
//! It asks four times a second, so a frozen server is noticed within a second also when nobody
//! calls, and the attempt that decides an open breaker is its own. A connection is given up when
//! it broke, when its server is no master any more, when Sentinel names another one, and when the
//! breaker opens.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::dial::COMMAND;
use super::error::LinkError;
use super::link::{Current, Health, Shared};
use super::random_below;
use super::wire::within;

/// Between two looks at a connection that is well.
const LOOK: Duration = Duration::from_millis(250);

/// Between two attempts while the breaker is closed.
const AGAIN: Duration = Duration::from_millis(50);

/// Most jitter of the breaker's rest, in milliseconds.
const JITTER: u64 = 250;

/// Asks Sentinel at every so many looks.
const NAMED: u64 = 4;

impl Shared {
    /// Somebody had an answer.
    pub(super) fn answered(&self) {
        self.breaker.lock().succeeded();
        self.note(true);
    }

    /// A call on the connection of that number had none.
    pub(super) fn failed(&self, number: Option<u64>, error: &LinkError) {
        metrics::counter!("zvon_redis_failures_total").increment(1);
        let jitter = Duration::from_millis(random_below(JITTER));
        let opened = self.breaker.lock().failed(Instant::now(), jitter);
        if opened {
            tracing::warn!(%error, "Redis is away");
            self.note(false);
        }
        let broken = matches!(error, LinkError::Broken(_));
        self.current.send_if_modified(|current| {
            let theirs = |c: &Current| Some(c.number) == number && broken && !c.wire.mends_itself();
            let gone = current.as_ref().is_some_and(|current| opened || theirs(current));
            if gone {
                *current = None;
            }
            gone
        });
        self.nudge.notify_one();
    }

    fn note(&self, up: bool) {
        let mut health = self.health.lock();
        let now = Instant::now();
        if up {
            health.answered = now;
        }
        if health.up != up {
            *health = Health { up, since: now, again: health.again || !up, ..*health };
            if up {
                tracing::info!("Redis answers");
            }
        }
        metrics::gauge!("zvon_redis_up").set(f64::from(u8::from(up)));
    }

    fn is_up(&self) -> bool {
        self.health.lock().up
    }
}

/// Looks after the connection for ever.
pub(super) async fn keep(shared: Arc<Shared>) {
    let (mut number, mut named) = (0_u64, None);
    loop {
        let due = shared.breaker.lock().due();
        if let Some(due) = due {
            tokio::time::sleep_until(due.into()).await;
        }
        number += 1;
        let current = shared.current.borrow().clone();
        let outcome = match current {
            Some(current) => look(&shared, current, named.as_deref(), number).await,
            None => match shared.dialer.dial(None).await {
                Ok((wire, master)) => {
                    named = master;
                    shared.answered();
                    shared.current.send_replace(Some(Current { wire, number }));
                    Ok(())
                }
                Err(error) => Err((None, error)),
            },
        };
        let pause = match outcome {
            Ok(()) => LOOK,
            Err((number, error)) => {
                if !shared.is_up() {
                    tracing::debug!(%error, "Redis is still away");
                }
                shared.failed(number, &error);
                AGAIN
            }
        };
        let _ = tokio::time::timeout(pause, nudged(&shared, pause)).await;
    }
}

/// Waits for a failure; several within [`AGAIN`] count once.
async fn nudged(shared: &Shared, pause: Duration) {
    if pause <= AGAIN {
        return std::future::pending().await;
    }
    shared.nudge.notified().await;
    tokio::time::sleep(AGAIN / 5).await;
}

async fn look(
    shared: &Shared,
    mut current: Current,
    named: Option<&str>,
    turn: u64,
) -> Result<(), (Option<u64>, LinkError)> {
    let number = Some(current.number);
    let ping = within(COMMAND, current.wire.probe()).await;
    ping.map_err(|error| (number, error))?;
    shared.answered();
    match named {
        Some(named) if turn.is_multiple_of(NAMED) && !shared.dialer.is_named(named).await => {
            Err((number, LinkError::Broken("Sentinel names another master".to_owned())))
        }
        _ => Ok(()),
    }
}
