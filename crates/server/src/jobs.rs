//! The background jobs there are, and what runs them: in a node, or in `zvon worker`.
//!
//! A job more is a line in [`all`]. Each runs by itself; whether one process at a time does it, or
//! several share its records, the source decides. The couriers of webhooks run in every process that
//! runs jobs.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use zvon_core::analytics::KEEP;
use zvon_core::analytics::job::Count;
use zvon_core::audit::job::Audit;
use zvon_core::clock::{Clock, SystemClock};
use zvon_core::job::runner::{Ground, Patience, Runner};
use zvon_core::job::{Job, Source};
use zvon_core::store::Store;
use zvon_core::webhook::courier::{Courier, Terms};
use zvon_core::webhook::job::Webhooks;
use zvon_core::webhook::post::Post;
use zvon_protocol::day::Day;

use crate::config::Config;

/// How long it is remembered at least which records were done, in milliseconds.
const REMEMBER: i64 = 7 * DAY;
const DAY: i64 = 24 * 3_600_000;
/// How often what is older is forgotten.
const FORGET: Duration = Duration::from_secs(600);

/// What jobs wake up.
#[derive(Clone, Default)]
pub(crate) struct Due {
    /// The courier of webhooks.
    pub(crate) deliveries: Arc<Notify>,
}

/// The jobs there are.
pub(crate) fn all(store: Arc<dyn Store>, due: &Due) -> Vec<Arc<dyn Job>> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let deliveries = Arc::clone(&due.deliveries);
    vec![
        Arc::new(Audit::new(Arc::clone(&store) as _)),
        Arc::new(Webhooks::new(Arc::clone(&store) as _, Arc::clone(&clock), deliveries)),
        Arc::new(Count::new(store as _, clock)),
    ]
}

/// What jobs stand on.
#[derive(Clone)]
pub(crate) struct Means {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) post: Arc<dyn Post>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) source: Arc<dyn Source>,
}

/// The jobs of this process, running.
pub(crate) struct Jobs {
    stop: CancellationToken,
    tasks: TaskTracker,
}

impl Jobs {
    /// Starts those that a node does itself: all, or none.
    pub(crate) fn of_node(config: &Config, means: &Means) -> Self {
        if config.jobs.in_process {
            return Self::start(config, means);
        }
        let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
        tasks.close();
        Self { stop, tasks }
    }

    /// Starts all of them.
    pub(crate) fn start(config: &Config, means: &Means) -> Self {
        let (stop, tasks, due) = (CancellationToken::new(), TaskTracker::new(), Due::default());
        let ground = Ground {
            source: Arc::clone(&means.source),
            store: Arc::clone(&means.store) as _,
            clock: Arc::clone(&means.clock),
            patience: Patience::default(),
            stop: stop.clone(),
        };
        for job in all(Arc::clone(&means.store), &due) {
            tasks.spawn(Runner::new(job, ground.clone()).run());
        }
        let courier = Courier {
            store: Arc::clone(&means.store) as _,
            post: Arc::clone(&means.post),
            clock: Arc::clone(&means.clock),
            terms: terms(config),
            due: due.deliveries,
            stop: stop.clone(),
        };
        tasks.spawn(courier.run());
        tasks.spawn(forget(means.clone(), remember(config), stop.clone()));
        tasks.close();
        Self { stop, tasks }
    }

    /// Finishes what is under way, in bounded time, and ends them.
    pub(crate) async fn close(self) {
        self.stop.cancel();
        self.tasks.wait().await;
    }
}

fn terms(config: &Config) -> Terms {
    let webhooks = &config.webhooks;
    Terms {
        at_once: webhooks.at_once,
        disable_after: webhooks.disable_after.0,
        waiting_max: webhooks.waiting_max,
        keep: webhooks.keep.0,
    }
}

/// How long it is remembered which records were done, in milliseconds: longer than any of them may come
/// again, from the outbox or, by a replay of it, from the event log.
pub(crate) fn remember(config: &Config) -> i64 {
    let keep = i64::try_from(config.store.outbox_keep.0.as_millis()).unwrap_or(i64::MAX);
    REMEMBER.max(keep.saturating_add(DAY))
}

/// Forgets now and then which records were done long ago, and who was active then.
async fn forget(means: Means, remember: i64, stop: CancellationToken) {
    while stop.run_until_cancelled(tokio::time::sleep(FORGET)).await.is_some() {
        let now = means.clock.now();
        let before = now.plus_millis(-remember);
        if let Err(error) = means.store.purge_done(before).await {
            tracing::warn!(%error, "what jobs did long ago could not be forgotten");
        }
        if let Err(error) = means.store.fold_days(Day::of(now), KEEP).await {
            tracing::warn!(%error, "who was active long ago could not be forgotten");
        }
    }
}
