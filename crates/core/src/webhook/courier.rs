//! Posts deliveries that are due.
//!
//! Several couriers, in several processes, share the work: a delivery is claimed for a while, longer
//! than a try may take. One that is killed in the middle leaves it to the others, so a receiver may
//! hear of an event twice, and knows it by the event's id. Some are under way at a time, few of them
//! for one webhook, so that one which does not answer holds up no other.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;
use zvon_protocol::time::Timestamp;

use super::meters::Meters;
use super::post::Post;
use super::store::{Claimed, Health, Settled, WebhookStore};
use super::{Secret, Try, Webhook, schedule, sign};
use crate::clock::Clock;

/// How often it is looked for what is due, if nobody says that something is.
const LOOK: Duration = Duration::from_millis(500);
/// After the store failed.
const AGAIN: Duration = Duration::from_secs(2);
/// How long a claim holds, in milliseconds.
const CLAIM: i64 = 60_000;
/// How long a try may take, whatever the post promises.
const PATIENCE: Duration = Duration::from_secs(30);
/// Most deliveries of one webhook at a time, of each courier.
const EACH: u32 = 4;
/// How often old deliveries and overfull webhooks are looked for.
const UPKEEP: Duration = Duration::from_secs(60);

/// What an operator can choose.
#[derive(Clone, Copy, Debug)]
pub struct Terms {
    /// Most deliveries under way at a time.
    pub at_once: usize,
    /// How long a webhook may fail before it is disabled.
    pub disable_after: Duration,
    /// Most deliveries that may wait for one webhook.
    pub waiting_max: u32,
    /// How long the delivery log is kept.
    pub keep: Duration,
}

impl Default for Terms {
    fn default() -> Self {
        let day = Duration::from_secs(86_400);
        Self { at_once: 32, disable_after: day, waiting_max: 10_000, keep: day * 7 }
    }
}

/// Posts deliveries.
pub struct Courier {
    /// Where they lie.
    pub store: Arc<dyn WebhookStore>,
    /// How they leave.
    pub post: Arc<dyn Post>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// What was chosen.
    pub terms: Terms,
    /// There may be something to deliver.
    pub due: Arc<Notify>,
    /// Told to stop.
    pub stop: CancellationToken,
}

impl Courier {
    /// Runs until it is told to stop, and what is under way has ended.
    pub async fn run(self) {
        let (courier, meters) = (Arc::new(self), Arc::new(Meters::default()));
        let (mut under_way, mut kept_up) = (JoinSet::new(), None::<Instant>);
        while !courier.stop.is_cancelled() {
            if kept_up.is_none_or(|at| at.elapsed() >= UPKEEP) {
                kept_up = Some(Instant::now());
                courier.upkeep(&meters).await;
            }
            let wait = match courier.claim(courier.terms.at_once - under_way.len()).await {
                Some(claimed) => {
                    let found = !claimed.is_empty();
                    for one in claimed {
                        let (courier, meters) = (Arc::clone(&courier), Arc::clone(&meters));
                        under_way.spawn(async move { courier.deliver(one, &meters).await });
                    }
                    if found { Duration::ZERO } else { LOOK }
                }
                None => AGAIN,
            };
            let is_full = under_way.len() >= courier.terms.at_once;
            tokio::select! {
                () = courier.stop.cancelled() => {}
                _ = under_way.join_next(), if is_full => {}
                () = courier.due.notified(), if !is_full && !wait.is_zero() => {}
                () = tokio::time::sleep(wait), if !is_full => {}
            }
            while under_way.try_join_next().is_some() {}
        }
        while under_way.join_next().await.is_some() {}
    }

    /// What is due; `None` if the store does not say.
    async fn claim(&self, most: usize) -> Option<Vec<Claimed>> {
        let now = self.clock.now();
        let most = u32::try_from(most).unwrap_or(u32::MAX);
        let claimed = self.store.claim_deliveries(now, now.plus_millis(CLAIM), most, EACH).await;
        match claimed {
            Ok(claimed) => Some(claimed),
            Err(error) => {
                tracing::warn!(%error, "it cannot be told what is to be delivered");
                None
            }
        }
    }

    async fn deliver(&self, claimed: Claimed, meters: &Meters) {
        let Claimed { mut delivery, webhook, secret } = claimed;
        let last = attempt(&*self.post, &*self.clock, (&webhook, &secret), &delivery).await;
        let chance = Uuid::new_v4().as_u128() as u64;
        let after = self.terms.disable_after;
        let settled = schedule::settle(&webhook, delivery.tries, &last, after, chance);
        delivery.tries += 1;
        meters.tried(settled.progress, Duration::from_millis(last.took));
        if let Health::Disabled(why) = &settled.health {
            meters.disabled(1);
            tracing::warn!(webhook.id = %webhook.id, why, "a webhook is disabled");
        }
        self.settle(delivery.id, &last, &settled).await;
    }

    /// Writes down how it went, for as long as nobody else tries it.
    async fn settle(&self, delivery: Uuid, last: &Try, settled: &Settled) {
        for _ in 0..5 {
            match self.store.settle_delivery(delivery, last, settled).await {
                Ok(()) => return,
                Err(error) => tracing::warn!(%error, "a delivery could not be written down"),
            }
            if self.stop.run_until_cancelled(tokio::time::sleep(AGAIN)).await.is_none() {
                return;
            }
        }
    }

    async fn upkeep(&self, meters: &Meters) {
        let now = self.clock.now();
        let keep = i64::try_from(self.terms.keep.as_millis()).unwrap_or(i64::MAX);
        if let Err(error) = self.store.purge_deliveries(now.plus_millis(-keep)).await {
            tracing::warn!(%error, "old deliveries could not be dropped");
        }
        match self.store.disable_overfull(now, self.terms.waiting_max).await {
            Ok(overfull) => {
                meters.disabled(overfull.len());
                for webhook in overfull {
                    tracing::warn!(webhook.id = %webhook, "a webhook is disabled: too much waits");
                }
            }
            Err(error) => tracing::warn!(%error, "webhooks could not be looked at"),
        }
    }
}

/// One try; how it went.
pub(super) async fn attempt(
    post: &dyn Post,
    clock: &dyn Clock,
    (webhook, secret): (&Webhook, &Secret),
    delivery: &super::Delivery,
) -> Try {
    let request = sign::request(&webhook.url, secret, delivery, clock.now());
    let begun = Instant::now();
    let answer = tokio::time::timeout(PATIENCE, post.post(&request)).await;
    let answer = answer.unwrap_or_else(|_| Err("no answer in time".to_owned()));
    let took = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
    let at: Timestamp = clock.now();
    match answer {
        Ok(status) => Try { at, took, status: Some(status), error: None },
        Err(error) => Try { at, took, status: None, error: Some(error) },
    }
}
