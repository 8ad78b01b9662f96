//! Four times a second: what has to be told. Once a second: the lease, what Redis lost, the dead.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::census::{Wrong, judge};
use super::keys::{self, BUCKETS};
use super::lease::Leases;
use super::local::Told;
use super::{Inner, new_incarnation};
use crate::redis::{Call, LinkError, read};

/// Between two looks. A look tells at most twice [`BATCH`] connections, so 4000 in a second.
const LOOK: Duration = Duration::from_millis(250);

/// The lease is renewed at every so many looks.
const BEAT: u32 = 4;

/// Calls in one write.
const BATCH: usize = 500;

/// How long a dead incarnation is watched for what its node may still write.
const FORGET: i64 = 60_000;

/// Beats after which connections that nobody knows of make a new incarnation necessary.
const MOST_EXTRA: u32 = 3;

/// Tends for ever.
pub(super) async fn tend(inner: Arc<Inner>) {
    let (mut looks, mut fresh, mut extra) = (tokio::time::interval(LOOK), true, 0);
    looks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    for turn in 0_u32.. {
        looks.tick().await;
        if !inner.link.health().up {
            continue;
        }
        if fresh || turn.is_multiple_of(BEAT) {
            match inner.beat(fresh).await {
                Ok(lives) => fresh = !lives,
                Err(error) => tracing::debug!(%error, "the lease could not be renewed"),
            }
        }
        if fresh {
            continue;
        }
        inner.tell().await;
        if turn.is_multiple_of(BEAT) {
            extra = if inner.audit().await { extra + 1 } else { 0 };
            if extra >= MOST_EXTRA {
                tracing::warn!("Redis holds connections that nobody has: a new incarnation begins");
                inner.end_lease().await;
                inner.begin_anew();
                (fresh, extra) = (true, 0);
            }
            inner.reap().await;
        }
    }
}

impl Inner {
    /// Renews the lease and learns all others. Whether it was still held; otherwise this node has
    /// been given up by the others, and begins anew.
    async fn beat(&self, fresh: bool) -> Result<bool, LinkError> {
        let lives = self.renew(if fresh { "new" } else { "beat" }).await?;
        if !lives {
            self.begin_anew();
        }
        Ok(lives)
    }

    /// Makes the call of that kind (see the script), and learns all leases.
    pub(super) async fn renew(&self, kind: &str) -> Result<bool, LinkError> {
        let answer: Vec<String> = self.link.eval(&self.beat_call(kind)).await?;
        let number = |index: usize| answer.get(index).and_then(|word| word.parse::<i64>().ok());
        let ends: HashMap<String, i64> = answer
            .chunks_exact(2)
            .skip(1)
            .filter_map(|pair| Some((pair[0].clone(), pair[1].parse().ok()?)))
            .collect();
        let leases = Leases::new((Instant::now(), number(1).unwrap_or(0)), ends);
        *self.leases.lock() = Some(Arc::new(leases));
        Ok(number(0) == Some(1))
    }

    /// A new incarnation, under which everything has to be told again.
    fn begin_anew(&self) {
        *self.incarnation.lock() = new_incarnation();
        self.local.lock().lost(|_| true);
    }

    /// Gives the lease back, so that what stands under it is reaped.
    pub(super) async fn end_lease(&self) {
        if let Err(error) = self.renew("end").await {
            tracing::debug!(%error, "the lease runs out by itself");
        }
    }

    /// Tells what has not been told: connections, then ends.
    async fn tell(&self) {
        for _ in 0..2 {
            let (behind, ends) = {
                let mut local = self.local.lock();
                (local.behind(BATCH), local.take_ends(BATCH))
            };
            let calls = behind.iter().map(|(connection, told)| {
                self.up_call(connection, if *told == Told::Again { "again" } else { "retry" })
            });
            let calls: Vec<Call> =
                calls.chain(ends.iter().map(|end| self.down_call(end))).collect();
            if calls.is_empty() {
                return;
            }
            let answers = self.link.eval_all(&calls).await.unwrap_or_default();
            let mut answers = answers.into_iter().map(Some).chain(std::iter::repeat_with(|| None));
            for (connection, told) in behind {
                let version = answers.next().flatten().and_then(|answer| read::<u64>(answer).ok());
                let user = connection.0;
                {
                    let mut local = self.local.lock();
                    local.told(&connection, if version.is_some() { Told::Yes } else { told });
                    if !local.lives(&connection) {
                        // It ended meanwhile, maybe before this was heard.
                        local.end_again(connection);
                    }
                }
                let late = self.transition(user, true, version.unwrap_or(0));
                self.late.lock().extend(late);
            }
            for end in ends {
                let heard = matches!(answers.next().flatten(), Some(Ok(_)));
                self.local.lock().ended(end, heard);
            }
        }
    }

    /// Compares what Redis holds of this node with what is here: what is missing will be told
    /// again. Whether there is anything too much.
    async fn audit(&self) -> bool {
        let incarnation = self.incarnation();
        let count = |bucket| {
            let mut command = redis::cmd("SCARD");
            command.arg(keys::connections(bucket, &incarnation));
            command
        };
        let commands: Vec<_> = (0..BUCKETS).map(count).collect();
        let before = self.local.lock().census();
        let Ok(answers) = self.link.run_all(&commands).await else { return false };
        let mut local = self.local.lock();
        let after = local.census();
        let wrong = |(bucket, answer)| judge(before[bucket], read(answer).ok()?, after[bucket]);
        let wrong: Vec<Option<Wrong>> = answers.into_iter().enumerate().map(wrong).collect();
        local.lost(|bucket| wrong[bucket] == Some(Wrong::Lacks));
        wrong.contains(&Some(Wrong::Extra))
    }

    /// Ends the connections of the dead.
    async fn reap(&self) {
        let Some(leases) = self.leases.lock().clone() else { return };
        let now = Instant::now();
        for (incarnation, end) in leases.over(now, Duration::ZERO) {
            let mut reaped = Some(1);
            for _ in 0..5 {
                if reaped.is_some_and(|count| count > 0) {
                    reaped = self.reap_once(incarnation).await;
                }
            }
            if reaped == Some(0) && end < leases.time(now) - FORGET {
                let mut forget = redis::cmd("ZREM");
                forget.arg(keys::LEASES).arg(incarnation);
                let _ = self.link.run::<()>(&forget).await;
            }
        }
    }

    /// How many there were; nothing if that is not known of all buckets.
    async fn reap_once(&self, incarnation: &str) -> Option<usize> {
        let call = |bucket| self.reap_call(bucket, incarnation);
        let calls: Vec<Call> = (0..BUCKETS).map(call).collect();
        let answers = self.link.eval_all(&calls).await.ok()?;
        answers.into_iter().map(|answer| read::<usize>(answer).ok()).sum()
    }
}
